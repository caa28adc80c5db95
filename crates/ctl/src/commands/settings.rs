//! Settings: how the window looks and speaks, and after how many days a secret is called due.

use clap::Subcommand;
use offizin_desk::{
    Problem,
    settings::RulesView,
    status::{self, Language, Theme},
};
use serde_json::Value;

use crate::{
    print::{line, word},
    shell::{Shell, name_of},
};

#[derive(Subcommand)]
pub(crate) enum Settings {
    /// As they are.
    Get,
    /// Change what is named; the rest stays.
    Set {
        #[arg(long, value_parser = name_of::<Language>())]
        language: Option<Language>,
        #[arg(long, value_parser = name_of::<Theme>())]
        theme: Option<Theme>,
        /// Taller rows.
        #[arg(long, value_name = "true|false")]
        roomy: Option<bool>,
        /// Keep running in the tray when the window is closed.
        #[arg(long, value_name = "true|false")]
        keep_in_tray: Option<bool>,
        /// Call a signing secret due when it is older than so many days; 0 for never. Nothing is rotated by itself.
        #[arg(long, value_name = "DAYS")]
        rotate_after_days: Option<u32>,
    },
}

impl Settings {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let mut settings = shell.desk.settings().await?;
        let mut rules = shell.desk.rules().await?;
        if let Self::Set { language, theme, roomy, keep_in_tray, rotate_after_days } = self {
            settings.language = language.unwrap_or(settings.language);
            settings.theme = theme.unwrap_or(settings.theme);
            settings.roomy = roomy.unwrap_or(settings.roomy);
            settings.keep_in_tray = keep_in_tray.unwrap_or(settings.keep_in_tray);
            settings = shell.desk.settings_set(&settings).await?;
            if let Some(days) = rotate_after_days {
                rules.rotate_after_days = Some(days).filter(|days| *days > 0);
                rules = shell.desk.rules_set(&rules).await?;
            }
        }
        shell.answer(&together(&settings, &rules), |_| {
            let due = rules.rotate_after_days.map_or("never".to_owned(), |days| format!("after {days} days"));
            line(&format!(
                "language {} · theme {} · roomy {} · keep in tray {} · secrets are due {due}",
                word(&settings.language),
                word(&settings.theme),
                settings.roomy,
                settings.keep_in_tray
            ));
        });
        Ok(())
    }
}

/// Settings and rules as one document: an administrator does not care that the desk keeps them apart.
fn together(settings: &status::Settings, rules: &RulesView) -> Value {
    let mut document = serde_json::to_value(settings).unwrap_or_default();
    if let (Some(document), Ok(Value::Object(rules))) = (document.as_object_mut(), serde_json::to_value(rules)) {
        document.extend(rules);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_rules_are_one_document() {
        let settings = status::Settings { language: Language::De, ..status::Settings::default() };
        let document = together(&settings, &RulesView { rotate_after_days: Some(30) });
        assert_eq!((&document["language"], &document["rotate_after_days"]), (&"de".into(), &30.into()));
    }
}
