//! For tests: a look at every thing a desk makes permanent and every question it sends, in the order it does them, with the
//! power to stop it dead right there. It is compiled in only with the feature `interrupts`; without it nothing of it is left.
//!
//! A desk whose task never goes on from a point is, to its database, its keyring and the world, a desk that was killed there.

/// What may happen at a point.
#[cfg(feature = "interrupts")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Go on.
    Go,
    /// Never go on.
    Stop,
}

#[cfg(feature = "interrupts")]
type Watcher = std::sync::Arc<dyn Fn(&'static str) -> Interrupt + Send + Sync>;

#[cfg(feature = "interrupts")]
tokio::task_local! {
    static WATCHER: Watcher;
}

/// Runs something a desk does; `watcher` is asked at every point it passes.
#[cfg(feature = "interrupts")]
pub async fn watched<F: Future>(
    watcher: impl Fn(&'static str) -> Interrupt + Send + Sync + 'static,
    future: F,
) -> F::Output {
    WATCHER.scope(std::sync::Arc::new(watcher), future).await
}

/// A point: something has just become permanent, or a question is about to leave or has been answered.
#[cfg(feature = "interrupts")]
pub(crate) async fn point(what: &'static str) {
    if let Ok(Interrupt::Stop) = WATCHER.try_with(|watcher| watcher(what)) {
        std::future::pending::<()>().await;
    }
}

/// Nothing.
#[cfg(not(feature = "interrupts"))]
pub(crate) async fn point(_: &'static str) {}
