//! The edge of the desk: every failure leaves as a [`Problem`] with a [`Code`].
//!
//! Inside, errors are typed and carry their cause. Outside there is one code per thing a person can do something about;
//! the sentence for it lives in the window (German and English) and, in English, in `offizinctl`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What went wrong, as far as it changes what the administrator does next. Serialised in snake case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// Every code, for tests that check that each has its sentence.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];
        }
    };
}

codes! {
    /// No keyring service runs in this session.
    KeyringMissing,
    /// The keyring is locked and was not unlocked.
    KeyringLocked,
    /// The keyring answered with an error.
    KeyringFailed,
    /// There is a database, but its key is not in the keyring.
    DatabaseKeyLost,
    /// The key in the keyring does not open the database, or the file is damaged.
    DatabaseUnreadable,
    /// A newer version of the program wrote this database.
    DatabaseNewer,
    /// A version from before the first release wrote this database, and its tables cannot be brought to today's.
    DatabaseOld,
    /// Another process holds the database for too long.
    DatabaseBusy,
    /// The disk is full.
    DiskFull,
    /// The data folder cannot be created or written.
    HomeUnusable,
    /// This desk is not paired with a relay yet.
    NotPaired,
    /// This desk is paired already.
    AlreadyPaired,
    /// What was pasted is not a whole pairing code.
    PairingCodeMalformed,
    /// The relay does not know this code, or it was used or expired.
    PairingCodeRefused,
    /// The relay cannot be reached.
    RelayUnreachable,
    /// The relay does not know this device any more.
    RelayRefused,
    /// The relay is up but cannot serve right now.
    RelayUnavailable,
    /// The relay speaks an older or newer wire.
    RelayVersion,
    /// What answers at the relay's address is not an Offizin relay, or its answer is damaged.
    RelayUnexpected,
    /// The provider cannot be reached.
    ProviderUnreachable,
    /// The provider's certificate is not trusted here, or what answers does not speak TLS.
    ProviderTls,
    /// The provider took the question and did not answer in time.
    ProviderTimeout,
    /// 401: the API key is wrong, revoked or missing.
    ProviderKeyRefused,
    /// 403: the key lacks a permission; `detail` names it.
    ProviderPermissionMissing,
    /// 404 from the right API: not found, or not permitted.
    ProviderNotFound,
    /// The answer is not JSON: wrong base path.
    ProviderWrongBasePath,
    /// 409: the provider already has this.
    ProviderConflict,
    /// 400 or 422: the provider does not accept the request; `detail` is its own text.
    ProviderRejected,
    /// 429: too many requests for this key.
    ProviderRateLimited,
    /// 5xx.
    ProviderFailed,
    /// The answer is JSON but not what the documents describe.
    ProviderUnexpected,
    /// The provider tried to redirect us; a key never follows.
    ProviderRedirected,
    /// A create or delete may or may not have happened; listing did not settle it yet.
    ProviderAmbiguous,
    /// The listing after a delete lacks more than what was deleted; `detail` names what else is gone.
    ListLostOthers,
    /// How this provider deletes is not configured for this connection.
    DeleteNotConfigured,
    /// The provider offers no test call, or it is not configured for this connection.
    TestNotConfigured,
    /// No such connection.
    ConnectionUnknown,
    /// A connection of this name exists.
    ConnectionNameTaken,
    /// The connection still has subscriptions.
    ConnectionInUse,
    /// No such subscription.
    SubscriptionUnknown,
    /// The subscription was made elsewhere and is not touched by us.
    SubscriptionForeign,
    /// The subscription sends to another address: adopting it would bring nothing here.
    SubscriptionElsewhere,
    /// The subscription takes part in a rotation that is under way.
    RotationUnderWay,
    /// The old subscription is being removed already: there is no way back, only forward.
    RotationTooLate,
    /// No such rotation.
    RotationUnknown,
    /// The new subscription was made, but the answer with its secret was lost; it is given up.
    RotationAnswerLost,
    /// The new subscription disappeared at the provider before it was proven.
    RotationVanished,
    /// On a production connection this wants the connection's name typed.
    ConfirmationNeeded,
    /// What was given is no certificate in PEM.
    CertificateUnusable,
    /// No such inlet.
    InletUnknown,
    /// The relay knows no such desk of our inbox.
    DeviceUnknown,
    /// A desk's name is 1 to 80 printable characters.
    DeviceNameMalformed,
    /// No such order.
    OrderUnknown,
    /// A link that came with an order is not `https` to a public name, and is not opened.
    LinkRefused,
    /// No key is stored with which orders of this provider could be confirmed.
    ConfirmationOff,
    /// The system opens no browser.
    BrowserMissing,
    /// No such event.
    EventUnknown,
    /// No such product in stock.
    StockUnknown,
    /// No such prescription.
    PrescriptionUnknown,
    /// No such doctor.
    DoctorUnknown,
    /// The input is not usable; `detail` names the field.
    InputInvalid,
    /// A file cannot be read or written.
    FileUnusable,
    /// The file is not of the kind that is asked for; `detail` names the kind.
    FileForeign,
    /// Something else that takes long is still under way.
    WorkUnderWay,
    /// There is no such file: the order has none, or what came was no readable file.
    PrescriptionMissing,
    /// A defect of ours; `incident` finds it in the log.
    Internal,
}

impl Code {
    /// The code as it is written in JSON.
    pub fn as_str(self) -> String {
        crate::keyword::of(&self)
    }
}

/// A failure as window and scripts see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Problem {
    /// What went wrong.
    pub code: Code,
    /// A fact that belongs to it (a field, a permission, a provider's own words), never content of an event.
    pub detail: Option<String>,
    /// Finds this occurrence in the log.
    pub incident: String,
}
