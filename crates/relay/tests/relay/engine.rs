//! Which engine these tests run on. The same tests run on the other one from `relay-on-nats`.

pub(crate) const ON_NATS: bool = false;
