//! What the desk answers about assignments, prescriptions and doctors.

use super::{
    list,
    view::{
        AssignmentFiltersView, AssignmentListInput, AssignmentView, DoctorListInput, DoctorRowView, DoctorView,
        PrescriptionListInput, PrescriptionRowView, PrescriptionView,
    },
};
use crate::{
    desk::Desk,
    id::{DoctorUid, OrderUid, PrescriptionUid},
    page::Page,
    problem::Problem,
};

impl Desk {
    /// One page of assignments, newest first.
    pub async fn assignment_list(&self, input: &AssignmentListInput) -> Result<Page<AssignmentView>, Problem> {
        let list = async { list::assignments(&mut *self.db().reader().acquire().await?, input).await };
        Ok(list.await?)
    }

    /// Reasons and shops that occur.
    pub async fn assignment_filters(&self) -> Result<AssignmentFiltersView, Problem> {
        let filters = async { list::filters(&mut *self.db().reader().acquire().await?).await };
        Ok(filters.await?)
    }

    /// One page of prescriptions, newest change first.
    pub async fn prescription_list(&self, input: &PrescriptionListInput) -> Result<Page<PrescriptionRowView>, Problem> {
        let list = async { list::prescriptions(&mut *self.db().reader().acquire().await?, input).await };
        Ok(list.await?)
    }

    /// One prescription with everybody who had it, oldest first. Codes: `prescription_unknown`.
    pub async fn prescription_show(&self, uid: &PrescriptionUid) -> Result<PrescriptionView, Problem> {
        let show = async { list::show(&mut *self.db().reader().acquire().await?, uid).await };
        Ok(show.await?)
    }

    /// The prescriptions of one order (the uid of a lane will do), where identifiers and shop agree exactly; none otherwise.
    pub async fn order_prescriptions(&self, uid: &OrderUid) -> Result<Vec<PrescriptionView>, Problem> {
        let found = async { list::of_order(&mut *self.db().reader().acquire().await?, uid).await };
        Ok(found.await?)
    }

    /// One page of doctors, those with the most open prescriptions first.
    pub async fn doctor_list(&self, input: &DoctorListInput) -> Result<Page<DoctorRowView>, Problem> {
        let list = async { list::doctors(&mut *self.db().reader().acquire().await?, input).await };
        Ok(list.await?)
    }

    /// One doctor, by reason. Codes: `doctor_unknown`.
    pub async fn doctor_show(&self, uid: &DoctorUid) -> Result<DoctorView, Problem> {
        let show = async { list::doctor(&mut *self.db().reader().acquire().await?, uid).await };
        Ok(show.await?)
    }
}
