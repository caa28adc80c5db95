//! Orders in a file: what the list shows, as CSV or JSON lines. Without patients, unless somebody asks for them.

use std::path::Path;

use sqlx::SqliteConnection;
use tokio::io::{AsyncWriteExt, BufWriter};

use super::{
    list, table,
    view::{AddressView, OrderExportInput, OrderFormat, OrderRowView, PatientView},
};
use crate::{
    error::Error, event::view::ExportedView, ground::Ground, home::private_new_file, id::OrderUid, keyword,
    page::PageInput, store::Stored,
};

const COLUMNS: &[&str] = &[
    "name",
    "uid",
    "status",
    "status_since",
    "updated_at",
    "pharmacies",
    "delivery_type",
    "priority",
    "total",
    "currency",
    "items",
    "events",
    "trust",
];
const PATIENT_COLUMNS: &[&str] = &["patient", "date_of_birth", "email", "phone", "delivery_address", "invoice_address"];

/// Writes every order of the list. Dropping the future leaves half a file, which the caller removes.
pub(crate) async fn export(
    ground: &Ground,
    path: &Path,
    input: &OrderExportInput,
    progress: impl Fn(&ExportedView),
) -> Result<ExportedView, Error> {
    let mut file = BufWriter::new(private_new_file(path).await?);
    let mut exported = ExportedView::default();
    if input.format == OrderFormat::Csv {
        let columns = COLUMNS.iter().chain(if input.with_patients { PATIENT_COLUMNS } else { &[] });
        file.write_all(&csv_line(columns.map(|column| (*column).to_owned()))?).await.map_err(Error::File)?;
    }
    let mut filter = input.filter.clone();
    filter.page = PageInput { limit: Some(500), after: None };
    loop {
        let mut reader = ground.reader().await?;
        let page = list::list(&mut reader, &filter, ground.now().as_millisecond()).await?;
        for row in page.rows {
            let patient = if input.with_patients { patient(&mut reader, &row.uid).await? } else { None };
            let line = match input.format {
                OrderFormat::Csv => csv_line(cells(&row, patient.as_ref(), input.with_patients))?,
                OrderFormat::Json => json_line(&row, patient.as_ref())?,
            };
            file.write_all(&line).await.map_err(Error::File)?;
            exported.rows += 1;
        }
        progress(&exported);
        match page.next {
            Some(next) => filter.page.after = Some(next),
            None => break,
        }
    }
    file.flush().await.map_err(Error::File)?;
    Ok(exported)
}

async fn patient(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<Option<PatientView>, Error> {
    Ok(table::find(connection, uid).await?.patient())
}

fn json_line(row: &OrderRowView, patient: Option<&PatientView>) -> Result<Vec<u8>, Error> {
    let mut value = serde_json::to_value(row).stored("order row")?;
    if let (Some(fields), Some(patient)) = (value.as_object_mut(), patient) {
        fields.insert("patient".to_owned(), serde_json::to_value(patient).stored("patient")?);
    }
    let mut line = serde_json::to_vec(&value).stored("order row")?;
    line.push(b'\n');
    Ok(line)
}

fn cells(row: &OrderRowView, patient: Option<&PatientView>, with_patients: bool) -> Vec<String> {
    let pharmacies = row
        .lanes
        .iter()
        .filter_map(|lane| lane.pharmacy_name.clone().or_else(|| lane.pharmacy_uid.as_ref().map(ToString::to_string)));
    let mut cells = vec![
        row.name.clone().unwrap_or_default(),
        row.uid.to_string(),
        row.status.clone().unwrap_or_default(),
        row.status_since.to_string(),
        row.updated_at.to_string(),
        pharmacies.collect::<Vec<_>>().join(", "),
        row.delivery_type.clone().unwrap_or_default(),
        row.priority.to_string(),
        row.total.as_ref().map(|total| total.amount.clone()).unwrap_or_default(),
        row.total.as_ref().map(|total| total.currency.clone()).unwrap_or_default(),
        row.items.to_string(),
        row.events.to_string(),
        keyword::of(&row.trust),
    ];
    if with_patients {
        let text = |text: fn(&PatientView) -> Option<String>| patient.and_then(text).unwrap_or_default();
        cells.extend([
            text(|patient| patient.name.clone()),
            text(|patient| patient.date_of_birth.clone()),
            text(|patient| patient.email.clone()),
            text(|patient| patient.phone.clone()),
            text(|patient| patient.delivery_address.as_ref().map(address)),
            text(|patient| patient.invoice_address.as_ref().map(address)),
        ]);
    }
    cells
}

fn address(address: &AddressView) -> String {
    let parts = [&address.name, &address.street, &address.additional, &address.city, &address.country];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn csv_line(cells: impl IntoIterator<Item = String>) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let written = writer.write_record(cells.into_iter().map(harmless));
    // A writer of CSV may quote what it could not write.
    written.ok().stored("order row")?;
    Ok(writer.into_inner().ok().stored("order row")?)
}

/// A cell that a spreadsheet would calculate is given as text.
fn harmless(cell: String) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    if !is_number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_ends_the_line() {
        let cells = ["=1+1", "-12.50", "+49 30 0", "say \"a\", b"].map(str::to_owned);
        let line = String::from_utf8(csv_line(cells).unwrap()).unwrap();
        assert_eq!(line, "'=1+1,-12.50,'+49 30 0,\"say \"\"a\"\", b\"\n");
    }

    #[test]
    fn a_cell_that_holds_a_line_break_stays_one_cell() {
        let line = csv_line(["a\nb", "c"].map(str::to_owned)).unwrap();
        assert_eq!(String::from_utf8(line).unwrap(), "\"a\nb\",c\n");
    }

    #[test]
    fn a_cell_that_begins_like_a_formula_behind_a_tab_is_text_too() {
        assert_eq!(harmless("\t=1+1".to_owned()), "'\t=1+1");
        assert_eq!(harmless("@SUM(A1)".to_owned()), "'@SUM(A1)");
        assert_eq!(harmless("-".to_owned()), "'-");
        assert_eq!(harmless("1e5 Stück".to_owned()), "1e5 Stück");
    }

    #[test]
    fn an_address_leaves_out_what_is_not_known() {
        let parts =
            AddressView { street: Some("Lindenweg 1".into()), city: Some("Köln".into()), ..AddressView::default() };
        assert_eq!(address(&parts), "Lindenweg 1, Köln");
        assert_eq!(address(&AddressView::default()), "");
    }
}
