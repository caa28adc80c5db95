//! What a pharmacist calls things: the words that decoders, folds and tables share. No provider's words are here, no sentence for
//! a screen, and nothing is decided.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The group a raw status belongs to: it gives the colour and the icon, never the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StatusGroup {
    /// Just made, nobody has it yet.
    New,
    /// Somebody has to begin.
    Waiting,
    /// In somebody's hands.
    InWork,
    /// Stopped until somebody decides.
    NeedsAttention,
    /// Finished well.
    Done,
    /// Ended without being fulfilled.
    Stopped,
    /// A word this build does not know; shown raw.
    Unknown,
}

/// A status whose raw word is enough to know it by, however the word was written. The window has one word for each; the raw
/// words are in the folder of the provider that uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KnownStatus {
    /// Just made.
    Created,
    /// No pharmacy has begun.
    WaitingForPharmacy,
    /// Somebody has to look at it first.
    PendingReview,
    /// Stopped until somebody decides.
    OnHold,
    /// A pharmacy works on it.
    InProgress,
    /// Waiting for whoever collects it.
    ReadyForPickup,
    /// Sent.
    Shipped,
    /// Finished.
    Completed,
    /// Ended without being fulfilled.
    Cancelled,
}

/// What a status means, where its raw word alone would mislead: the window has a word of its own for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A prescription was typed up.
    Digitized,
    /// A prescription cannot be fulfilled.
    PrescriptionRejected,
    /// Given to a pharmacy.
    Assigned,
    /// The pharmacy takes it.
    Accepted,
    /// The pharmacy does not take it, or somebody cancelled it: the provider does not say which.
    RejectedOrCancelled,
    /// Given to other pharmacies.
    Reassigned,
    /// Packed, waiting for whoever brings it.
    Packed,
    /// Packed, waiting for whoever collects it.
    ReadyForCollection,
    /// Whoever brings it is at the store or on the way.
    WithRider,
    /// Brought.
    Delivered,
    /// Collected.
    Collected,
}

/// Whether a rejection or cancellation is the end of the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Finality {
    /// Nothing more will happen.
    Final,
    /// Others may take over.
    MayContinue,
    /// The provider does not say.
    Unknown,
}

/// What an amount of money means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AmountMeaning {
    /// The items after discount, without shipping.
    ItemsAfterDiscount,
    /// The items at their printed maximum price, before discount.
    ItemsAtMaximumPrice,
    /// Shipping of the whole order, repeated with each of its lanes.
    ShippingOfOrder,
    /// Delivery, as estimated.
    DeliveryCharge,
    /// The estimate, delivery included.
    EstimateWithDelivery,
}

/// What a reported time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TimeMeaning {
    /// On the bill.
    Billed,
    /// Of the payment.
    Paid,
    /// When to remind of a refill.
    RefillReminder,
}

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Where the goods are.
    Tracking,
    /// The bill to print.
    Bill,
    /// The invoice as a file.
    Invoice,
}

/// Why an order is listed under "needs attention".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// A lane is on hold.
    OnHold,
    /// Cancelled, and no other lane goes on.
    CancelledEverywhere,
    /// The prescription was rejected before any pharmacy had the order.
    PrescriptionRejected,
    /// A status this build does not know.
    UnknownStatus,
    /// The newest change went backwards (restart, reopening after completion).
    WentBack,
}

/// Where a step of the expected sequence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Heard of.
    Done,
    /// Expected next.
    Next,
    /// Expected after that.
    Ahead,
    /// Never heard of, though a later step was.
    Skipped,
    /// Heard of, though the documents know no such step for this way of delivery.
    Unexpected,
    /// What ended the lane.
    Ending,
    /// Will not come any more.
    NotReached,
}

/// What an entry of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The lane was made.
    Created,
    /// The lane's status changed.
    StatusChanged,
    /// The lane was handed over to others.
    HandedOver,
    /// Something else changed, or nothing visible did.
    Updated,
    /// The provider marked the lane as deleted.
    Deleted,
}

/// Something noteworthy about an entry, shown as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Received more than 24 hours after the event.
    Late,
    /// Received after an event that comes later in time.
    OutOfOrder,
    /// Another event of the same lane has the same second and type.
    SameSecond,
    /// The status moved backwards.
    Backward,
    /// The provider's documents know no such step from where the lane was: something may be missing in between.
    Unexpected,
    /// More than 5 minutes in the future of the receipt.
    Future,
    /// The unsigned header named another event type than the body.
    HeaderMismatch,
    /// The event carries no time of its own: the receipt time stands in.
    TimeOfReceipt,
    /// The event names another order than the one before on the same lane.
    OtherOrder,
}

/// Whether a provider's API says of a lane or an order what is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// It says the same.
    Agrees,
    /// It says something else.
    Differs,
    /// What it says cannot be compared.
    Unclear,
}

/// What a sender's silence on the finality of a rejection means: a setting of its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, sqlx::Type)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum Rejections {
    /// The sender tells final rejections only.
    FinalOnly,
    /// It tells each rejection.
    ///
    /// The last of them is final.
    Each,
    /// Nobody knows: the order stays open.
    #[default]
    NotSure,
}
