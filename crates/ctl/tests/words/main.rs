//! What can be said to `offizinctl`, and what is refused as wrong usage: the real program, before it opens anything. No keyring
//! is needed; a desk that answers is the business of `tests/shapes`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has to fail"
)]

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn say_at(home: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offizinctl"));
    command.args(words).env("OFFIZIN_HOME", home).env_remove("OFFIZIN_LOG").stdin(Stdio::null());
    command.output().unwrap()
}

fn say(words: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    say_at(&dir.path().join("home"), words)
}

/// These words are wrong usage; answers what is said about them.
fn refused(words: &[&str]) -> String {
    let output = say(words);
    assert_eq!(output.status.code(), Some(2), "{words:?}");
    assert!(output.stdout.is_empty(), "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn help(words: &[&str]) -> String {
    let output = say(&[words, &["-h"]].concat());
    assert_eq!(output.status.code(), Some(0), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command, with the words that lead to it.
fn commands() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut left = vec![Vec::new()];
    while let Some(path) = left.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        for name in listed(&help(&words)) {
            let path = [&path[..], &[name]].concat();
            found.push(path.clone());
            left.push(path);
        }
    }
    found
}

#[test]
fn the_help_of_every_command_says_first_what_it_is_for() {
    let commands = commands();
    assert!(commands.len() > 60, "{} commands", commands.len());
    for path in commands {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = help(&words);
        assert!(!help.starts_with("Usage"), "{words:?} says nothing");
        assert!(help.contains(&format!("Usage: offizinctl {}", words.join(" "))), "{words:?}");
    }
}

#[test]
fn every_command_takes_the_data_folder_and_the_form_of_the_answer() {
    for path in commands() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = help(&words);
        assert!(help.contains("--home <DIR>") && help.contains("--json"), "{words:?}");
    }
}

#[test]
fn a_subject_without_a_command_is_wrong_usage() {
    for subject in listed(&help(&[])) {
        if !listed(&help(&[&subject])).is_empty() {
            assert!(refused(&[&subject]).contains("[subcommands: "), "{subject} lists what can be said");
        }
    }
}

#[test]
fn an_unknown_command_is_wrong_usage() {
    for words in [&["nonsense"][..], &["order", "nonsense"], &["event", "lst"], &["status", "more"]] {
        refused(words);
    }
}

#[test]
fn an_unknown_option_is_wrong_usage() {
    for words in [&["status", "--all"][..], &["order", "list", "--patient", "x"], &["ledger", "verify", "--fix"]] {
        assert!(refused(words).contains("unexpected argument"), "{words:?}");
    }
}

#[test]
fn what_cannot_be_undone_wants_its_yes() {
    assert!(refused(&["unpair"]).contains("--yes"));
    assert!(refused(&["device", "remove", "x"]).contains("--yes"));
}

#[test]
fn health_data_and_handover_codes_want_to_be_revealed() {
    assert!(refused(&["order", "patient", "x"]).contains("--reveal"));
    assert!(refused(&["order", "pin", "x"]).contains("--reveal"));
}

#[test]
fn every_list_that_has_pages_takes_one_to_five_hundred_rows() {
    for list in [
        &["order", "list"][..],
        &["event", "list"],
        &["stock", "list"],
        &["stock", "history", "x"],
        &["assignment", "list"],
        &["assignment", "doctors"],
        &["audit"],
    ] {
        let help = help(list);
        assert!(help.contains("--limit") && help.contains("--after <CURSOR>"), "{list:?}");
        for limit in ["0", "501", "many"] {
            assert!(refused(&[list, &["--limit", limit]].concat()).contains("--limit"), "{list:?} {limit}");
        }
    }
}

#[test]
fn an_option_of_fixed_words_names_them_when_another_is_said() {
    for (words, possible) in [
        (&["settings", "set", "--language"][..], "system, de, en"),
        (&["settings", "set", "--theme"], "system, light, dark, contrast"),
        (&["network", "set", "--proxy"], "system, none, custom"),
        (&["inlet", "add", "x", "--source"], "rxscale, rxscale-pubsub, evitalrx"),
        (&["inlet", "set", "x", "--rejections"], "final-only, each, not-sure"),
        (&["order", "export", "x", "--format"], "csv, json"),
        (&["event", "list", "--verdict"], "accepted, unrecognised, rejected"),
        (&["event", "export", "x", "--verdict"], "accepted, unrecognised, rejected"),
        (&["connection", "add", "x", "--provider"], "rxscale"),
        (&["connection", "add", "x", "--api"], "management, pharmacy"),
        (&["connection", "edit", "x", "--delete-strategy"], "path, query, body"),
    ] {
        let said = refused(&[words, &["nonsense"]].concat());
        assert!(said.contains(&format!("[possible values: {possible}]")), "{words:?}: {said}");
    }
}

#[test]
fn not_to_delete_at_all_is_no_strategy_that_can_be_chosen() {
    refused(&["connection", "edit", "x", "--delete-strategy", "off"]);
}

#[test]
fn options_that_contradict_each_other_are_wrong_usage() {
    for words in [
        &["event", "show", "x", "--raw", "--fields"][..],
        &["inlet", "key", "x", "--forget", "--base-url", "https://example.org"],
        &["stock", "list", "--low", "--as-of", "2026-05-01T12:00:00Z"],
        &["subscription", "rotate", "x", "--all", "--connection", "Adler"],
    ] {
        assert!(refused(words).contains("cannot be used with"), "{words:?}");
    }
}

#[test]
fn rotating_wants_subscriptions_or_all_of_one_connection() {
    assert!(refused(&["subscription", "rotate"]).contains("<ID>"));
    assert!(refused(&["subscription", "rotate", "--all"]).contains("--connection"));
}

#[test]
fn a_grace_period_is_told_in_hours_or_days() {
    for grace in ["72", "3w", "h", "1.5d", "70000h"] {
        assert!(refused(&["subscription", "rotate", "x", "--grace", grace]).contains("hours (72h) or days (3d)"));
    }
}

#[test]
fn a_moment_that_is_none_is_wrong_usage() {
    refused(&["stock", "list", "--as-of", "yesterday"]);
    refused(&["stock", "history", "x", "--as-of", "2026-05-01"]);
}

#[test]
fn a_connection_and_a_registration_say_for_whom_and_what() {
    assert!(refused(&["connection", "add", "Adler"]).contains("--provider"));
    assert!(refused(&["inlet", "add", "Portal"]).contains("--source"));
    let said = refused(&["subscription", "register"]);
    assert!(said.contains("--connection") && said.contains("--type"));
}

#[test]
fn every_command_tells_the_same_version() {
    for words in [&["--version"][..], &["order", "--version"], &["order", "list", "--version"]] {
        let output = say(words);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().trim().ends_with(env!("CARGO_PKG_VERSION")), "{words:?}");
    }
}

#[test]
fn wrong_usage_makes_no_data_folder() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    assert_eq!(say_at(&home, &["order", "list", "--limit", "0"]).status.code(), Some(2));
    assert!(!home.exists());
}

#[test]
fn a_problem_is_a_document_on_standard_error_for_scripts() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for words in [&["--json", "status"][..], &["status", "--json"], &["order", "--json", "list"]] {
        let output = say_at(file.path(), words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(output.stdout.is_empty());
        let problem: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(problem["code"], "home_unusable");
        assert!(problem.get("detail").is_some() && problem["incident"].is_string());
    }
}

#[test]
fn a_problem_is_a_sentence_and_its_code_for_people() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = say_at(file.path(), &["status"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("The data folder cannot be used."), "{told}");
    assert!(told.contains("\ncode home_unusable · incident "), "{told}");
}

#[test]
fn the_data_folder_that_is_named_counts_before_that_of_the_environment() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let named = file.path().to_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let output = say_at(&dir.path().join("home"), &["--json", "status", "--home", named]);
    let problem: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(problem["code"], "home_unusable");
    assert!(!dir.path().join("home").exists());
}
