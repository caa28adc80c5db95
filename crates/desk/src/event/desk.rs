//! What the desk answers about events and quarantine.

use std::path::Path;

use super::{
    fields::{self, EventFieldsView},
    file, list,
    view::{BodyView, EventListInput, EventRowView, ExportedView, ImportedView, ProofView, VerifyView},
};
use crate::{desk::Desk, id::EventId, inlets, intake::inlets::load, page::Page, problem::Problem};

impl Desk {
    /// Takes in deliveries that were captured in a file; `inlet`, by id or name, where the file's own are not ours.
    /// Codes: `file_unusable`, `file_foreign`, `inlet_unknown`.
    pub async fn event_import(
        &self,
        path: &Path,
        inlet: Option<&str>,
        progress: impl Fn(&ImportedView),
    ) -> Result<ImportedView, Problem> {
        let import = async {
            let inlet = match inlet {
                Some(inlet) => Some(inlets::find_id(self.ground(), inlet).await?),
                None => None,
            };
            file::import(self.ground(), path, inlet, progress).await
        };
        Ok(import.await?)
    }

    /// Writes the raw deliveries of the arrivals that `input` names into a file. Codes: `file_unusable`, `disk_full`.
    pub async fn event_export(
        &self,
        path: &Path,
        input: &EventListInput,
        progress: impl Fn(&ExportedView),
    ) -> Result<ExportedView, Problem> {
        Ok(file::export(self.ground(), path, input, progress).await?)
    }

    /// One page of arrivals, newest first, quarantine included.
    pub async fn event_list(&self, input: &EventListInput) -> Result<Page<EventRowView>, Problem> {
        self.read(async |db| list::list(db, input).await).await
    }

    /// Everything that proves one event, without its content.
    pub async fn event_show(&self, id: &EventId) -> Result<ProofView, Problem> {
        self.read(async |db| list::proof(db, id).await).await
    }

    /// One event field by field, whatever it is. It is health data.
    pub async fn event_fields(&self, id: &EventId) -> Result<EventFieldsView, Problem> {
        self.read(async |db| fields::fields(db, id).await).await
    }

    /// The raw body of one event as the window shows it, cut at 1 MiB.
    pub async fn event_body(&self, id: &EventId) -> Result<BodyView, Problem> {
        Ok(list::body_view(self.event_raw(id).await?))
    }

    /// The raw body of one event, byte for byte.
    pub async fn event_raw(&self, id: &EventId) -> Result<Vec<u8>, Problem> {
        self.read(async |db| list::raw(db, id).await).await
    }

    /// Checks hash and signature of one event again, from what is stored now.
    pub async fn event_verify(&self, id: &EventId) -> Result<VerifyView, Problem> {
        let ground = self.ground();
        let verify = async {
            let mut reader = ground.reader().await?;
            let secrets = ground.secrets().of_all_inlets(&mut reader, ground.keychain()).await?;
            let inlets = load(&mut reader, &secrets).await?;
            list::verify_again(&mut reader, id, &inlets).await
        };
        Ok(verify.await?)
    }
}
