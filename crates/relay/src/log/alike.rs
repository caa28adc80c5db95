//! The part of [`super::Log`] that both engines hand on alike: to a method of theirs, of the same name in each, in the file
//! it belongs to. (One trait cannot be implemented in several files.) It deliberately does nothing but box their futures.

/// Goes into `impl Log for …`; what the engines do each in their own way stands beside it.
macro_rules! by_same_names {
    () => {
        fn append(&self, group: Vec<Sealed>, at: Timestamp) -> Answer<'_, Vec<Place>> {
            Box::pin(self.append_group(group, at))
        }

        fn page<'a>(&'a self, inbox: &'a InboxId, after: u64) -> Answer<'a, Option<Page>> {
            Box::pin(self.read_page(inbox, after))
        }

        fn ack<'a>(&'a self, device: &'a DeviceId, cursor: u64, at: Timestamp) -> Answer<'a, Option<u64>> {
            Box::pin(self.move_ack(device, cursor, at))
        }

        fn prune(&self, horizon: Horizon) -> Answer<'_, Pruned> {
            Box::pin(self.prune_all(horizon))
        }

        fn size(&self) -> Answer<'_, (u64, u64)> {
            Box::pin(self.measure())
        }

        fn add_inbox<'a>(
            &'a self,
            name: &'a str,
            code: TokenHash,
            expires_at: Timestamp,
            now: Timestamp,
        ) -> Answer<'a, InboxId> {
            Box::pin(self.insert_inbox(name, code, expires_at, now))
        }

        fn add_code<'a>(&'a self, name: &'a str, code: TokenHash, expires_at: Timestamp) -> Answer<'a, InboxId> {
            Box::pin(self.insert_code(name, code, expires_at))
        }

        fn inboxes(&self) -> Answer<'_, Vec<InboxSummary>> {
            Box::pin(self.list_inboxes())
        }

        fn remove_inbox<'a>(&'a self, name: &'a str) -> Answer<'a, InboxId> {
            Box::pin(self.delete_inbox(name))
        }

        fn code(&self, code: TokenHash, now: Timestamp) -> Answer<'_, Option<InboxRecord>> {
            Box::pin(self.find_code(code, now))
        }

        fn pair(&self, candidate: Candidate, now: Timestamp) -> Answer<'_, Option<DeviceRecord>> {
            Box::pin(self.insert_device(candidate, now))
        }

        fn revoke<'a>(&'a self, inbox: &'a InboxId, device: &'a str, now: Timestamp) -> Answer<'a, bool> {
            Box::pin(self.revoke_device(inbox, device, now))
        }

        fn rename<'a>(&'a self, inbox: &'a InboxId, device: &'a str, name: &'a str) -> Answer<'a, bool> {
            Box::pin(self.rename_device(inbox, device, name))
        }

        fn put_inlet<'a>(
            &'a self,
            inbox: &'a InboxId,
            id: &'a InletId,
            token: TokenHash,
            now: Timestamp,
        ) -> Answer<'a, InletPlace> {
            Box::pin(self.insert_inlet(inbox, id, token, now))
        }

        fn inlets<'a>(&'a self, inbox: &'a InboxId) -> Answer<'a, Vec<InletAnswer>> {
            Box::pin(self.list_inlets(inbox))
        }

        fn retire<'a>(&'a self, inbox: &'a InboxId, id: &'a InletId, now: Timestamp) -> Answer<'a, Option<TokenHash>> {
            Box::pin(self.retire_inlet(inbox, id, now))
        }

        fn hold<'a>(&'a self, name: &'a str) -> Answer<'a, Moving> {
            Box::pin(self.hold_inbox(name))
        }

        fn import<'a>(&'a self, inbox: &'a Moving) -> Answer<'a, ()> {
            Box::pin(self.import_inbox(inbox))
        }

        fn restore<'a>(&'a self, inbox: &'a InboxId, segments: Vec<Segment>) -> Answer<'a, ()> {
            Box::pin(self.restore_segments(inbox, segments))
        }

        fn release<'a>(&'a self, inbox: &'a InboxId, head: u64) -> Answer<'a, ()> {
            Box::pin(self.release_inbox(inbox, head))
        }
    };
}
