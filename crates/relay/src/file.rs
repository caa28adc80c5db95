//! The settings file: `name = value` in TOML, under the flags' own names. Becomes flags before they are parsed, so that
//! one place says what a setting means; a flag on the command line and an environment variable go before it.

use std::{ffi::OsString, fs, path::PathBuf};

use clap::CommandFactory;

use crate::flags::Flags;

const FLAG: &str = "--config";
const ENVIRONMENT: &str = "OFFIZIN_RELAY_CONFIG";

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    NotToml(PathBuf, String),
    #[error("{0}: {1} is not a setting of `serve`")]
    Unknown(PathBuf, String),
    #[error("{0}: {1} has to be text, a number, true, false, or a list of texts")]
    Value(PathBuf, String),
}

/// The command line with what the file adds to it.
pub(crate) fn arguments(line: Vec<OsString>, environment: impl Fn(&str) -> bool) -> Result<Vec<OsString>, FileError> {
    let Some(path) = path(&line) else { return Ok(line) };
    let text = fs::read_to_string(&path).map_err(|error| FileError::Unreadable(path.clone(), error))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| FileError::NotToml(path.clone(), error.message().to_owned()))?;
    let command = Flags::command();
    let settings = |name: &str| {
        let known = command.find_subcommand(name).into_iter().flat_map(clap::Command::get_arguments);
        known.filter_map(|arg| Some((arg.get_long()?.to_owned(), arg.get_env()?.to_owned()))).collect::<Vec<_>>()
    };
    let all = settings("serve");
    // `inbox add` takes what its own flags name.
    let words: Vec<_> = line.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let mut here = &command;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        match here.find_subcommand(word) {
            Some(found) => here = found,
            None => break,
        }
    }
    let mut line = line.clone();
    for (name, value) in table {
        let Some((_, variable)) = all.iter().find(|(long, _)| *long == name) else {
            return Err(FileError::Unknown(path, name));
        };
        let takes = here.get_arguments().any(|arg| arg.get_long() == Some(&name));
        let said =
            words.iter().any(|word| word.strip_prefix("--").is_some_and(|word| word.split('=').next() == Some(&name)));
        if !takes || said || variable.to_str().is_some_and(&environment) {
            continue;
        }
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(true) => {
                line.push(format!("--{name}").into());
                continue;
            }
            toml::Value::Boolean(false) => continue,
            toml::Value::Array(list) => {
                let texts: Option<Vec<_>> = list.iter().map(|one| one.as_str()).collect();
                texts.ok_or_else(|| FileError::Value(path.clone(), name.clone()))?.join(",")
            }
            _ => return Err(FileError::Value(path, name)),
        };
        line.push(format!("--{name}={value}").into());
    }
    Ok(line)
}

fn path(line: &[OsString]) -> Option<PathBuf> {
    let mut words = line.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        if word == FLAG {
            return words.next().map(|path| path.into_owned().into());
        }
        if let Some(path) = word.strip_prefix(FLAG).and_then(|rest| rest.strip_prefix('=')) {
            return Some(path.into());
        }
    }
    std::env::var_os(ENVIRONMENT).map(Into::into)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn with(text: &str, line: &str, environment: &[&str]) -> Result<Vec<String>, FileError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let mut words: Vec<OsString> = line.split(' ').map(Into::into).collect();
        words.extend(["--config".into(), file.path().into()]);
        let line = arguments(words, |name| environment.contains(&name))?;
        Flags::try_parse_from(&line).map_err(|error| FileError::NotToml(PathBuf::new(), error.to_string()))?;
        Ok(line.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn flags_go_before_the_environment_and_that_before_the_file() {
        let text = "store = 'sqlite:a.db'\nkeep = '1h'\ntotal-rate = 7\ntrusted-proxy = ['10.0.0.0/8', '::1/128']\nnats-accept-unsynced = true";
        let line = with(text, "relay serve --keep 2h", &[]).unwrap();
        let added: Vec<_> = line.iter().skip(6).map(String::as_str).collect();
        for word in
            ["--store=sqlite:a.db", "--total-rate=7", "--trusted-proxy=10.0.0.0/8,::1/128", "--nats-accept-unsynced"]
        {
            assert!(added.contains(&word), "{word} in {added:?}");
        }
        assert!(!added.iter().any(|word| word.starts_with("--keep")));
        let line = with(text, "relay serve", &["OFFIZIN_RELAY_KEEP"]).unwrap();
        assert!(!line.iter().any(|word| word.starts_with("--keep")));
    }

    #[test]
    fn a_command_takes_what_it_knows_and_a_slip_is_told() {
        let line = with("store = 'sqlite:a.db'\nkeep = '1h'", "relay inbox list", &[]).unwrap();
        assert!(line.contains(&"--store=sqlite:a.db".into()) && !line.iter().any(|word| word.starts_with("--keep")));
        assert!(matches!(with("keeep = '1h'", "relay serve", &[]), Err(FileError::Unknown(..))));
        assert!(matches!(with("keep = 1.5", "relay serve", &[]), Err(FileError::Value(..))));
        assert!(matches!(with("keep", "relay serve", &[]), Err(FileError::NotToml(..))));
    }
}
