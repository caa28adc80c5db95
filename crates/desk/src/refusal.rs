//! What the desk says no to by itself: an input that cannot be used, something nobody knows here, a step that is not
//! possible now. Nobody else was asked, and nothing was changed.
//!
//! What the relay, a provider, the keyring or the disk answer is in their own files; which code a person sees for each is
//! decided in `error.rs`.

use offizin_wire::pairing::MalformedCode;

/// A no of the desk itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// This field of the input.
    #[error("the input `{0}` cannot be used")]
    Input(&'static str),
    #[error("this desk is not paired")]
    NotPaired,
    #[error("this desk is paired already")]
    AlreadyPaired,
    #[error("no whole pairing code")]
    PairingCode(#[source] MalformedCode),
    #[error("no such connection")]
    ConnectionUnknown,
    #[error("a connection of this name exists")]
    ConnectionNameTaken,
    #[error("the connection still has subscriptions")]
    ConnectionInUse,
    /// On a production connection its name has to be typed.
    #[error("the name of the connection was not typed")]
    ConfirmationNeeded,
    #[error("how this connection deletes is not configured")]
    DeleteNotConfigured,
    #[error("this connection has no test call")]
    TestNotConfigured,
    #[error("no such subscription")]
    SubscriptionUnknown,
    #[error("the subscription was made elsewhere")]
    SubscriptionForeign,
    #[error("the subscription sends to another address")]
    SubscriptionElsewhere,
    #[error("no such rotation")]
    RotationUnknown,
    #[error("the subscription takes part in a rotation")]
    RotationUnderWay,
    #[error("the old subscription is being removed already")]
    RotationTooLate,
    #[error("no such inlet")]
    InletUnknown,
    #[error("no such device")]
    DeviceUnknown,
    #[error("the name of a device is 1 to 80 printable characters")]
    DeviceName,
    #[error("no such order")]
    OrderUnknown,
    #[error("the link does not lead to a public https address")]
    LinkNotPublic,
    /// No key is stored with which orders of this provider could be confirmed.
    #[error("orders of this connection cannot be confirmed")]
    ConfirmationOff,
    #[error("no such event")]
    EventUnknown,
    #[error("no such product in stock")]
    StockUnknown,
    #[error("no such prescription")]
    PrescriptionUnknown,
    /// The order has none, or what came was no readable file.
    #[error("no prescription file came with the order")]
    PrescriptionMissing,
    /// The file is not of this kind.
    #[error("the file is no {0}")]
    FileForeign(&'static str),
    #[error("no such doctor")]
    DoctorUnknown,
}
