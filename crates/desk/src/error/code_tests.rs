//! Which code a person is told for which failure: one for each thing that can be done about it.

use super::Error;
use crate::{
    home::HomeError,
    keychain::KeychainError,
    network::NetworkError,
    problem::Code,
    provider::{Ambiguity, ProviderError},
    refusal::Refusal,
    relay::RelayError,
    rotation::GivenUp,
    store::StoreError,
};

/// What a person is told of a failure.
fn told(error: impl Into<Error>) -> (Code, Option<String>) {
    error.into().told()
}

fn code(error: impl Into<Error>) -> Code {
    told(error).0
}

/// What SQLite answers with one of its result codes.
#[derive(Debug, thiserror::Error)]
#[error("SQLite said {0:?}")]
struct Sqlite(Option<&'static str>);

impl sqlx::error::DatabaseError for Sqlite {
    fn message(&self) -> &str {
        "said"
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.0.map(Into::into)
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> sqlx::error::ErrorKind {
        sqlx::error::ErrorKind::Other
    }
}

fn sqlite(result: &'static str) -> sqlx::Error {
    sqlx::Error::Database(Box::new(Sqlite(Some(result))))
}

#[test]
fn a_database_that_somebody_else_holds_is_busy_in_every_extended_form() {
    for result in ["5", "6", "261", "517", "773", "262"] {
        assert_eq!(code(sqlite(result)), Code::DatabaseBusy, "{result}");
    }
    assert_eq!(code(sqlx::Error::PoolTimedOut), Code::DatabaseBusy);
    assert_eq!(code(StoreError::Moved), Code::DatabaseBusy);
    assert_eq!(code(HomeError::TurnTaken), Code::DatabaseBusy);
}

#[test]
fn a_full_disk_is_called_full_wherever_it_is_met() {
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    assert_eq!(code(sqlite("13")), Code::DiskFull);
    assert_eq!(code(sqlx::Error::Io(full())), Code::DiskFull);
    assert_eq!(code(HomeError::Io(full())), Code::DiskFull);
    assert_eq!(code(Error::File(full())), Code::DiskFull);
    assert_eq!(code(sqlx::migrate::MigrateError::Execute(sqlite("13"))), Code::DiskFull);
}

#[test]
fn a_file_that_somebody_named_is_not_the_data_folder() {
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert_eq!(code(Error::File(denied())), Code::FileUnusable);
    assert_eq!(code(HomeError::Io(denied())), Code::HomeUnusable);
    assert_eq!(code(HomeError::Nowhere), Code::HomeUnusable);
}

#[test]
fn a_database_that_cannot_be_read_is_not_one_that_cannot_be_written() {
    for result in ["11", "26", "267"] {
        assert_eq!(code(sqlite(result)), Code::DatabaseUnreadable, "{result}");
    }
    for result in ["8", "10", "14", "1544", "778"] {
        assert_eq!(code(sqlite(result)), Code::HomeUnusable, "{result}");
    }
}

#[test]
fn what_sqlite_says_of_a_statement_of_ours_is_a_defect_of_ours() {
    for result in ["1", "19", "2067", "nonsense"] {
        assert_eq!(code(sqlite(result)), Code::Internal, "{result}");
    }
    assert_eq!(code(sqlx::Error::Database(Box::new(Sqlite(None)))), Code::Internal);
    assert_eq!(code(sqlx::Error::RowNotFound), Code::Internal);
}

#[test]
fn a_database_says_whether_it_is_too_old_too_new_or_without_its_key() {
    use sqlx::migrate::MigrateError;
    assert_eq!(code(StoreError::Old), Code::DatabaseOld);
    assert_eq!(code(MigrateError::VersionMissing(7)), Code::DatabaseNewer);
    assert_eq!(code(MigrateError::VersionMismatch(1)), Code::DatabaseNewer);
    assert_eq!(code(StoreError::KeyLost), Code::DatabaseKeyLost);
    assert_eq!(code(MigrateError::Dirty(1)), Code::Internal);
}

#[test]
fn a_keyring_is_missing_or_locked_or_it_failed() {
    use keyring::Error as Keyring;
    assert_eq!(code(KeychainError::from(Keyring::NoDefaultStore)), Code::KeyringMissing);
    assert_eq!(code(KeychainError::from(Keyring::NoStorageAccess("no".into()))), Code::KeyringLocked);
    assert_eq!(code(KeychainError::from(Keyring::PlatformFailure("no".into()))), Code::KeyringFailed);
    for failed in [KeychainError::NotText, KeychainError::NotKept, KeychainError::Stopped] {
        assert_eq!(code(failed), Code::KeyringFailed);
    }
}

#[test]
fn a_relay_that_cannot_serve_is_told_apart_from_one_that_refuses() {
    assert_eq!(code(RelayError::Unavailable), Code::RelayUnavailable);
    assert_eq!(code(RelayError::DeviceRefused), Code::RelayRefused);
    assert_eq!(code(RelayError::CredentialLost("token")), Code::RelayRefused, "pairing again is the remedy of both");
    assert_eq!(code(RelayError::CodeRefused), Code::PairingCodeRefused);
    assert_eq!(code(RelayError::Version), Code::RelayVersion);
    assert_eq!(code(RelayError::NotFound), Code::InletUnknown);
}

#[test]
fn what_answers_in_a_relays_place_is_told_with_what_it_said() {
    assert_eq!(told(RelayError::Status(403)), (Code::RelayUnexpected, Some("HTTP 403".to_owned())));
    assert_eq!(told(RelayError::NotAPage), (Code::RelayUnexpected, Some("not a page of segments".to_owned())));
    assert_eq!(told(RelayError::PageTooLarge), (Code::RelayUnexpected, Some("the page is too large".to_owned())));
    let cut_off = RelayError::from(offizin_wire::pull::PageError::CutOff);
    assert_eq!(told(cut_off), (Code::RelayUnexpected, Some("the page is cut off".to_owned())));
    assert_eq!(told(RelayError::Address), (Code::RelayUnexpected, None));
}

#[test]
fn a_providers_refusal_is_told_in_its_own_words() {
    let said = || "said".to_owned();
    for (error, code) in [
        (ProviderError::KeyRefused(said()), Code::ProviderKeyRefused),
        (ProviderError::PermissionMissing(said()), Code::ProviderPermissionMissing),
        (ProviderError::NotFound(said()), Code::ProviderNotFound),
        (ProviderError::Conflict(said()), Code::ProviderConflict),
        (ProviderError::Rejected(said()), Code::ProviderRejected),
        (ProviderError::RateLimited(said()), Code::ProviderRateLimited),
        (ProviderError::Unexpected("said"), Code::ProviderUnexpected),
        (ProviderError::LostOthers(said()), Code::ListLostOthers),
    ] {
        assert_eq!(told(error), (code, Some(said())));
    }
}

#[test]
fn a_provider_that_failed_before_the_request_left_is_not_one_that_failed_perhaps_afterwards() {
    assert_eq!(told(ProviderError::Failed(503)), (Code::ProviderFailed, Some("HTTP 503".to_owned())));
    for why in [Ambiguity::Failed(503), Ambiguity::Unreadable, Ambiguity::NotListed] {
        assert_eq!(told(ProviderError::Ambiguous(why)), (Code::ProviderAmbiguous, None));
    }
}

#[test]
fn a_key_that_is_not_in_the_keyring_is_told_as_a_key_that_is_refused() {
    let (code, detail) = told(ProviderError::KeyMissing);
    assert_eq!((code, detail.as_deref()), (Code::ProviderKeyRefused, Some("the key is not in the keyring")));
    assert_eq!(told(ProviderError::WrongBasePath), (Code::ProviderWrongBasePath, None));
    assert_eq!(told(ProviderError::Redirected), (Code::ProviderRedirected, None));
}

#[test]
fn a_refusal_of_our_own_is_told_under_its_own_name() {
    use Refusal::*;
    for refusal in [
        NotPaired,
        AlreadyPaired,
        ConnectionUnknown,
        ConnectionNameTaken,
        ConnectionInUse,
        ConfirmationNeeded,
        DeleteNotConfigured,
        TestNotConfigured,
        SubscriptionUnknown,
        SubscriptionForeign,
        SubscriptionElsewhere,
        RotationUnknown,
        RotationUnderWay,
        RotationTooLate,
        InletUnknown,
        DeviceUnknown,
        OrderUnknown,
        ConfirmationOff,
        EventUnknown,
        StockUnknown,
        PrescriptionUnknown,
        PrescriptionMissing,
        DoctorUnknown,
    ] {
        let (code, detail) = told(refusal);
        assert_eq!((format!("{code:?}"), detail), (format!("{refusal:?}"), None));
    }
    assert_eq!((code(DeviceName), code(LinkNotPublic)), (Code::DeviceNameMalformed, Code::LinkRefused));
}

#[test]
fn an_input_that_cannot_be_used_names_its_field_and_a_file_its_kind() {
    assert_eq!(told(Error::input("timeout")), (Code::InputInvalid, Some("timeout".to_owned())));
    assert_eq!(
        told(Refusal::FileForeign("offizin-deliveries")),
        (Code::FileForeign, Some("offizin-deliveries".into()))
    );
}

#[test]
fn a_pairing_code_that_is_none_is_told_apart_from_one_that_was_cut() {
    use offizin_wire::pairing::MalformedCode;
    for (why, word) in [(MalformedCode::NotACode, "not_a_code"), (MalformedCode::Damaged, "damaged")] {
        assert_eq!(told(Refusal::PairingCode(why)), (Code::PairingCodeMalformed, Some(word.to_owned())));
    }
}

#[test]
fn settings_of_the_network_are_told_by_what_cannot_be_used() {
    assert_eq!(told(NetworkError::Proxy), (Code::InputInvalid, Some("proxy_url".to_owned())));
    assert_eq!(told(NetworkError::NotPem), (Code::CertificateUnusable, None));
    assert_eq!(code(NetworkError::Store(StoreError::Moved)), Code::DatabaseBusy, "it is not the network that failed");
}

#[test]
fn a_rotation_that_gave_up_says_why() {
    assert_eq!(code(GivenUp::AnswerLost), Code::RotationAnswerLost);
    assert_eq!(code(GivenUp::Vanished), Code::RotationVanished);
}

#[test]
fn what_may_be_free_a_moment_later_passes_and_what_is_damaged_does_not() {
    for error in [sqlite("5"), sqlite("13"), sqlx::Error::PoolTimedOut] {
        assert!(StoreError::from(error).passes());
    }
    assert!(StoreError::Moved.passes() && !StoreError::Moved.is_busy(), "it was changed, and is free");
    for error in [sqlite("11"), sqlite("14"), sqlx::Error::RowNotFound] {
        assert!(!StoreError::from(error).passes());
    }
    assert!(!StoreError::Old.passes() && !StoreError::KeyLost.passes());
}
