//! What the desk answers about its settings: what it reminds of, how the window looks and speaks.

use super::{RULES, RulesView, read, write};
use crate::{
    audit::{AuditAction, recorded},
    desk::Desk,
    error::Error,
    problem::Problem,
    status::Settings,
};

/// The document of [`Settings`].
const WINDOW: &str = "window";

impl Desk {
    /// What this desk reminds of.
    pub async fn rules(&self) -> Result<RulesView, Problem> {
        self.read(async |db| Ok(read(db, RULES).await?)).await
    }

    /// Changes what this desk reminds of.
    pub async fn rules_set(&self, rules: &RulesView) -> Result<RulesView, Problem> {
        let write = async {
            if rules.rotate_after_days == Some(0) {
                return Err(Error::input("rotate_after_days"));
            }
            let mut tx = self.ground().db().write().await?;
            super::write(&mut tx, RULES, rules).await?;
            tx.commit().await
        };
        let days = rules.rotate_after_days.map(|days| format!("rotate_after_days {days}"));
        recorded(self.ground(), AuditAction::RulesSet, "", days, write).await?;
        self.rules().await
    }

    /// How the window looks and speaks.
    pub async fn settings(&self) -> Result<Settings, Problem> {
        self.read(async |db| Ok(read(db, WINDOW).await?)).await
    }

    /// Remembers how the window shall look and speak.
    pub async fn settings_set(&self, settings: &Settings) -> Result<Settings, Problem> {
        self.write(async |tx| Ok(write(tx, WINDOW, settings).await?)).await?;
        self.settings().await
    }
}
