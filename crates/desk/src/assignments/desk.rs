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
        self.read(async |db| list::assignments(db, input).await).await
    }

    /// Reasons and shops that occur.
    pub async fn assignment_filters(&self) -> Result<AssignmentFiltersView, Problem> {
        self.read(async |db| list::filters(db).await).await
    }

    /// One page of prescriptions, newest change first.
    pub async fn prescription_list(&self, input: &PrescriptionListInput) -> Result<Page<PrescriptionRowView>, Problem> {
        self.read(async |db| list::prescriptions(db, input).await).await
    }

    /// One prescription with everybody who had it, oldest first. Codes: `prescription_unknown`.
    pub async fn prescription_show(&self, uid: &PrescriptionUid) -> Result<PrescriptionView, Problem> {
        self.read(async |db| list::show(db, uid).await).await
    }

    /// The prescriptions of one order (the uid of a lane will do), where identifiers and shop agree exactly; none otherwise.
    pub async fn order_prescriptions(&self, uid: &OrderUid) -> Result<Vec<PrescriptionView>, Problem> {
        self.read(async |db| list::of_order(db, uid).await).await
    }

    /// One page of doctors, those with the most open prescriptions first.
    pub async fn doctor_list(&self, input: &DoctorListInput) -> Result<Page<DoctorRowView>, Problem> {
        self.read(async |db| list::doctors(db, input).await).await
    }

    /// One doctor, by reason. Codes: `doctor_unknown`.
    pub async fn doctor_show(&self, uid: &DoctorUid) -> Result<DoctorView, Problem> {
        self.read(async |db| list::doctor(db, uid).await).await
    }
}
