//! One English sentence per code: what happened and what to do. The window has its own, in two languages.

use offizin_desk::Code;

/// What to print for a code.
pub(crate) fn sentence(code: Code) -> &'static str {
    match code {
        Code::KeyringMissing => {
            "No keyring service runs in this session. Log in to the desktop, or start a Secret Service, and try again."
        }
        Code::KeyringLocked => "The keyring is locked. Unlock it and try again.",
        Code::KeyringFailed => {
            "The keyring answered with an error. Nothing was changed. Try again after logging in anew."
        }
        Code::DatabaseKeyLost => {
            "The key of this database is not in the keyring. Restore the keyring, or open the window and begin anew; the old file is kept."
        }
        Code::DatabaseUnreadable => {
            "The database does not open with its key, or it is damaged. Restore a copy, or open the window and begin anew; the old file is kept."
        }
        Code::DatabaseOld => {
            "A version from before the first release wrote this database, and nothing was changed. Open the window and begin anew; the old file is kept."
        }
        Code::DatabaseNewer => {
            "A newer version of Offizin wrote this database. Install that version; nothing was changed."
        }
        Code::DatabaseBusy => "Another program holds the database. Wait a moment and try again.",
        Code::DiskFull => "The disk is full. Free some space; what the relay holds is not lost.",
        Code::HomeUnusable => "The data folder cannot be used. Check that it exists and belongs to you.",
        Code::NotPaired => "This desk is not paired with a relay. Use `offizinctl pair CODE`.",
        Code::AlreadyPaired => "This desk is paired already. Use `offizinctl unpair --yes` first.",
        Code::PairingCodeMalformed => "This is not a whole pairing code. Copy it again, from `offizin1-` to its end.",
        Code::PairingCodeRefused => "The relay does not take this code: it was used, or it expired. Ask for a new one.",
        Code::RelayUnreachable => "The relay cannot be reached. Events wait there; try again when the network is back.",
        Code::RelayRefused => {
            "The relay no longer knows this device. Leave it with `offizinctl unpair --yes` and pair again."
        }
        Code::RelayUnavailable => "The relay cannot serve right now. Try again in a minute.",
        Code::RelayVersion => "Relay and desk are of different ages. Bring the older one up to date.",
        Code::RelayUnexpected => {
            "What answers at the relay's address does not speak as a relay does. Check its address and its proxy."
        }
        Code::ProviderUnreachable => "The provider cannot be reached. Nothing was changed; try again later.",
        Code::ProviderTls => {
            "The provider's certificate is not trusted here. On a network that inspects TLS, add its root certificate with `offizinctl network set --root-certificates FILE`. The key was not sent."
        }
        Code::ProviderTimeout => "The provider did not answer in time. Nothing was changed; try again later.",
        Code::ProviderKeyRefused => {
            "The provider refuses the API key. Check it, or make a new one in the provider's portal."
        }
        Code::ProviderPermissionMissing => "The API key lacks a permission. Have it granted in the provider's portal.",
        Code::ProviderNotFound => "The provider does not have this, or the key is not permitted to see it.",
        Code::ProviderWrongBasePath => {
            "The answer is not from the provider's API. Check the base path with `offizinctl connection check`."
        }
        Code::ProviderConflict => "The provider already has this. List the subscriptions to see it.",
        Code::ProviderRejected => "The provider does not accept the request.",
        Code::ProviderRateLimited => "Too many requests for this key. Wait a minute and try again.",
        Code::ProviderFailed => "The provider failed. Nothing was changed here; try again later.",
        Code::ProviderUnexpected => "The provider's answer is not as its documents describe it. Nothing was changed.",
        Code::ProviderRedirected => {
            "The provider redirects to another address. A key never follows; check the base URL."
        }
        Code::ProviderAmbiguous => {
            "The answer got lost, so it is not known whether it happened. `offizinctl subscription list` settles it."
        }
        Code::DeleteNotConfigured => {
            "How this provider deletes is not set for this connection. Set it with `offizinctl connection edit NAME --delete-strategy` once you know; rotating needs it."
        }
        Code::TestNotConfigured => {
            "The provider's test call is not set for this connection. Wait for a real event instead."
        }
        Code::ConnectionUnknown => "There is no such connection. `offizinctl connection list` shows all.",
        Code::ConnectionNameTaken => "A connection of this name exists. Choose another name.",
        Code::ConnectionInUse => "This connection still has subscriptions. Remove them first.",
        Code::SubscriptionUnknown => "There is no such subscription. `offizinctl subscription list` shows all.",
        Code::SubscriptionForeign => "This subscription was made elsewhere and is not touched from here.",
        Code::ListLostOthers => {
            "The subscription is gone, and the provider's list lacks others besides. `offizinctl subscription list` shows what vanished; register it again."
        }
        Code::SubscriptionElsewhere => {
            "This subscription sends to another address, so adopting it would bring nothing here. Register one of your own instead."
        }
        Code::RotationUnderWay => {
            "This subscription is being rotated or is not settled yet. `offizinctl rotation list` shows how far it is."
        }
        Code::RotationTooLate => {
            "The old subscription is being removed already: there is no way back, and none is needed."
        }
        Code::RotationUnknown => "There is no such rotation. `offizinctl rotation list` shows all.",
        Code::RotationAnswerLost => {
            "The new subscription was made, but the answer with its secret got lost. It is removed again; the old one never stopped. Rotate again."
        }
        Code::RotationVanished => {
            "The new subscription disappeared at the provider before it had proven itself. See who removed it, then rotate again."
        }
        Code::ConfirmationNeeded => {
            "This cannot be undone on a production connection. Say its name once more with --confirm NAME."
        }
        Code::CertificateUnusable => "This is no root certificate in PEM. Nothing was changed.",
        Code::DeviceUnknown => "The relay knows no such desk. `offizinctl device list` shows all.",
        Code::DeviceNameMalformed => "A name is 1 to 80 printable characters.",
        Code::InletUnknown => "There is no such address. `offizinctl inlet list` shows all.",
        Code::OrderUnknown => "No order or lane of this uid is known here.",
        Code::ConfirmationOff => {
            "No key for the provider's orders API is stored. `offizinctl inlet key NAME` stores one."
        }
        Code::LinkRefused => "This link does not lead to a public https address and is not opened.",
        Code::BrowserMissing => "This system opened no browser. Set a default browser and try again.",
        Code::EventUnknown => "No event of this id is known here.",
        Code::StockUnknown => "No product of this uid is known here, or none was yet at that time.",
        Code::PrescriptionUnknown => "No prescription of this uid is known here.",
        Code::DoctorUnknown => "No doctor of this uid is known here.",
        Code::InputInvalid => "This input cannot be used.",
        Code::FileUnusable => "The file cannot be read or written.",
        Code::FileForeign => {
            "This is not a file of captured deliveries. Its format is described in docs/deliveries.md."
        }
        Code::WorkUnderWay => "Something else is still under way. Wait for it, or cancel it.",
        Code::PrescriptionMissing => "No readable prescription file came with this order.",
        Code::Internal => "A defect of Offizin. Nothing was lost; please report the incident.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_code_has_a_sentence_of_its_own() {
        let sentences: HashSet<_> = Code::ALL.iter().map(|code| sentence(*code)).collect();
        assert_eq!(sentences.len(), Code::ALL.len());
    }

    #[test]
    fn every_sentence_is_whole_and_on_one_line() {
        for said in Code::ALL.iter().map(|code| sentence(*code)) {
            assert!(said.starts_with(char::is_uppercase) && said.ends_with('.') && !said.contains('\n'), "{said}");
        }
    }

    /// A sentence tells people what to type; it must not go stale when a command changes.
    #[test]
    fn every_command_that_a_sentence_names_exists() {
        let quoted = Code::ALL.iter().flat_map(|code| sentence(*code).split('`').skip(1).step_by(2));
        for words in quoted.filter_map(|quoted| quoted.strip_prefix("offizinctl ")) {
            let mut command = &crate::Cli::command();
            for word in words.split(' ') {
                if let Some(option) = word.strip_prefix("--") {
                    assert!(command.get_arguments().any(|arg| arg.get_long() == Some(option)), "{words}");
                } else if let Some(deeper) = command.find_subcommand(word) {
                    command = deeper;
                } else {
                    assert_eq!(word, word.to_uppercase(), "a command, an option or a placeholder: {words}");
                }
            }
            assert!(!command.has_subcommands(), "{words} is not a whole command");
        }
    }
}
