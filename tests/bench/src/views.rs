//! The views on a large ledger: how long each takes, and how fast the ledger is taken in and folded again, compared
//! with a loop that only inserts the same rows.

use std::{ops::Range, path::Path, time::Instant};

use jiff::Timestamp;
use offizin_desk::{
    Desk, Home, Problem,
    event::view::EventListInput,
    orders::{view::OrderListInput, words::StatusGroup},
    page::PageInput,
    stock::view::{StockChartInput, StockListInput},
    system_clock,
};
use offizin_wire::SigningSecret;

use crate::{
    house::{House, Outcome, problem, rate, say},
    ledger, reference,
};

/// How often each view is asked.
const ASKED: usize = 1000;

/// Takes in, measures and tells.
pub(crate) async fn measure(events: usize, secret: &SigningSecret) -> Outcome<()> {
    let room = tempfile::tempdir()?;
    let taken_in = fill(room.path(), events, secret).await?;
    ask(room.path()).await?;
    fold(room.path(), Some(taken_in)).await
}

/// Fills a desk's home in `room` with so many events out of a file; answers events per second.
pub(crate) async fn fill(room: &Path, events: usize, secret: &SigningSecret) -> Outcome<f64> {
    let house = House::build(room, secret).await?;
    let taken_in = take_in(&house, room, 0..events, ledger::body, secret).await?;
    house.leave().await?;
    say(&format!("{events} events taken in from a file, {taken_in:.0} per second"))?;
    Ok(taken_in)
}

/// Takes events in from a file; answers events per second.
pub(crate) async fn take_in(
    house: &House,
    room: &Path,
    events: Range<usize>,
    body: fn(usize) -> String,
    secret: &SigningSecret,
) -> Outcome<f64> {
    let captured = room.join("captured.jsonl");
    let count = events.len();
    ledger::write(&captured, events, body, &house.inlet.id, secret)?;
    let from = Instant::now();
    let imported = house.desk.event_import(&captured, None, |_| {}).await.map_err(problem)?;
    let taken_in = rate(count, from);
    if imported.events != count as u64 {
        return Err(format!("{count} were given and {imported:?} taken").into());
    }
    std::fs::remove_file(&captured)?;
    Ok(taken_in)
}

/// One product with so many levels: whether taking in the last tenth is slower than the first, and how long it takes to see it.
pub(crate) async fn hot(events: usize, secret: &SigningSecret) -> Outcome<()> {
    let room = tempfile::tempdir()?;
    let house = House::build(room.path(), secret).await?;
    let tenth = events / 10;
    let first = take_in(&house, room.path(), 0..tenth, ledger::level, secret).await?;
    take_in(&house, room.path(), tenth..events - tenth, ledger::level, secret).await?;
    let last = take_in(&house, room.path(), events - tenth..events, ledger::level, secret).await?;
    let desk = &house.desk;
    let uid = &ledger::HOT.into();
    let page = &PageInput::default();
    let as_of = Timestamp::from_second(ledger::second(events / 2))?;
    let listed = StockListInput { as_of: Some(as_of), ..StockListInput::default() };
    let listed = &listed;
    let chart = &StockChartInput { uid: ledger::HOT.into(), since: None, as_of: None };
    let rows = [
        timed("stock, first page", |_| async move { desk.stock_list(&StockListInput::default()).await.map(drop) })
            .await?,
        timed("stock, half-way back", |_| async move { desk.stock_list(listed).await.map(drop) }).await?,
        timed("its levels, first page", |_| async move { desk.stock_history(uid, None, page).await.map(drop) }).await?,
        timed(
            "its levels, half-way back",
            |_| async move { desk.stock_history(uid, Some(as_of), page).await.map(drop) },
        )
        .await?,
        timed("its chart", |_| async move { desk.stock_chart(chart).await.map(drop) }).await?,
    ];
    house.leave().await?;
    say(&format!(
        "\n| one product with {events} levels | per second | ratio |\n| --- | ---: | ---: |\n\
         | the first tenth taken in | {first:.0} | 1.00 |\n| the last tenth | {last:.0} | {:.2} |\n\n\
         | view, asked {ASKED} times | p50 ms | p99 ms |\n| --- | ---: | ---: |\n{}",
        last / first,
        rows.join("\n")
    ))
}

/// Asks the views of a home that was filled before.
pub(crate) async fn ask(room: &Path) -> Outcome<()> {
    let desk = open(room).await?;
    let events = desk.status().await.map_err(problem)?.counts.events;
    let rows = views(&desk, usize::try_from(events)?).await?;
    desk.close().await;
    say(&format!(
        "\n{events} events; view, asked {ASKED} times | p50 ms | p99 ms |\n| --- | ---: | ---: |\n{}",
        rows.join("\n")
    ))
}

/// Folds a home anew that was filled before, and compares with the bare inserts of the same rows.
pub(crate) async fn fold(room: &Path, taken_in: Option<f64>) -> Outcome<()> {
    let desk = open(room).await?;
    let from = Instant::now();
    let folded = desk.ledger_rebuild().await.map_err(problem)?;
    let (rebuilt, took) = (rate(usize::try_from(folded)?, from), from.elapsed().as_secs_f64());
    let home = desk.home().dir().to_owned();
    desk.close().await;
    say(&format!("folded anew in {took:.1} s"))?;
    let bare = reference::same_rows(&home, &room.join("bare.db")).await?;
    let taken_in = taken_in.map_or_else(String::new, |rate| {
        format!(
            "| taken in from a file: verified, journaled, folded, searchable | {rate:.0} | {bare:.0} | {:.2} |\n",
            rate / bare
        )
    });
    say(&format!(
        "\n| what | events per second | the same rows by bare inserts | ratio |\n| --- | ---: | ---: | ---: |\n{taken_in}\
         | folded anew from the journal ({took:.0} s) | {rebuilt:.0} | {bare:.0} | {:.2} |",
        rebuilt / bare,
    ))
}

async fn open(room: &Path) -> Outcome<Desk> {
    Ok(Desk::open(Home::at(Some(room.join("home"))).map_err(problem)?, system_clock()).await.map_err(problem)?)
}

async fn views(desk: &Desk, events: usize) -> Outcome<Vec<String>> {
    let orders = events / 10;
    let uid = |n: usize| format!("ord-{:07x}", n * 7919 % orders);
    let all = OrderListInput::default;
    let searched = |typed: &str| OrderListInput { search: Some(typed.to_owned()), ..all() };
    let mut rows = Vec::new();
    rows.push(
        timed("timeline of one order", |n| async move { desk.order_timeline(&uid(n).as_str().into()).await.map(drop) })
            .await?,
    );
    rows.push(timed("order page", |n| async move { desk.order_show(&uid(n).as_str().into()).await.map(drop) }).await?);
    let filters: Vec<(&str, OrderListInput)> = vec![
        ("orders, first page", all()),
        ("orders, status", OrderListInput { status: Some("completed".into()), ..all() }),
        ("orders, group", OrderListInput { group: Some(StatusGroup::InWork), ..all() }),
        ("orders, pharmacy", OrderListInput { pharmacy: Some("ph-3".into()), ..all() }),
        (
            "orders, pharmacy + express + priority",
            OrderListInput {
                pharmacy: Some("ph-0".into()),
                delivery_type: Some("express".into()),
                urgent: Some(true),
                ..all()
            },
        ),
        ("orders, needs attention", OrderListInput { attention: Some(true), ..all() }),
        ("orders, open for two days", OrderListInput { age_hours: Some(48), ..all() }),
        ("search, one letter: t", searched("t")),
        ("search, a letter more: erika b", searched("erika b")),
        ("search, two letters: te", searched("te")),
        ("search, two letters: er", searched("er")),
        ("search, two digits: 10", searched("10")),
        ("search, part of a name: apotheke", searched("apotheke")),
        ("search, patient: erika beispiel3", searched("erika beispiel3")),
        ("search, order number: #1234", searched("#1234")),
        ("search, PZN", searched("00001300")),
        ("search, nothing found: xqz", searched("xqz")),
        (
            "search test + pharmacy + in work",
            OrderListInput { pharmacy: Some("ph-3".into()), group: Some(StatusGroup::InWork), ..searched("test") },
        ),
        ("search sim + completed", OrderListInput { status: Some("completed".into()), ..searched("sim") }),
    ];
    for (name, input) in &filters {
        rows.push(timed(name, |_| async move { desk.order_list(input).await.map(drop) }).await?);
    }
    let mut deep = OrderListInput { page: PageInput { limit: Some(500), after: None }, ..all() };
    for _ in 0..(orders / 1000).max(1) {
        deep.page.after = desk.order_list(&deep).await.map_err(problem)?.next;
    }
    deep.page.limit = None;
    let deep = &deep;
    rows.push(timed("orders, a page from the middle", |_| async move { desk.order_list(deep).await.map(drop) }).await?);
    let arrivals: Vec<(&str, EventListInput)> = vec![
        ("deliveries, first page", EventListInput::default()),
        (
            "deliveries, one type",
            EventListInput { event_type: Some("pharmacy_sku_stock_updated".into()), ..EventListInput::default() },
        ),
        ("deliveries, search #1234", EventListInput { search: Some("#1234".into()), ..EventListInput::default() }),
        ("deliveries, search te", EventListInput { search: Some("te".into()), ..EventListInput::default() }),
    ];
    for (name, input) in &arrivals {
        rows.push(timed(name, |_| async move { desk.event_list(input).await.map(drop) }).await?);
    }
    rows.push(
        timed("stock, first page", |_| async move { desk.stock_list(&StockListInput::default()).await.map(drop) })
            .await?,
    );
    let day = Timestamp::from_second(ledger::second(events.saturating_sub(5_000)))?;
    rows.push(timed("today", |_| async move { desk.order_today(day).await.map(drop) }).await?);
    rows.push(timed("stuck for two days", |_| async move { desk.order_stuck(48, 20).await.map(drop) }).await?);
    rows.push(timed("status bar", |_| async move { desk.status().await.map(drop) }).await?);
    Ok(rows)
}

async fn timed<F: Future<Output = Result<(), Problem>>>(name: &str, ask: impl Fn(usize) -> F) -> Outcome<String> {
    let mut took = Vec::with_capacity(ASKED);
    for number in 0..ASKED {
        let from = Instant::now();
        ask(number).await.map_err(problem)?;
        took.push(from.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took.get(((ASKED - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Ok(format!("| {name} | {:.2} | {:.2} |", at(0.5), at(0.99)))
}
