//! What a provider's API says of the lanes of an order, compared with what is known here. Pure: who asks, and what becomes of the
//! answer, is [`super::confirm`]'s business.

use super::{
    stored::StoredConfirmedLane,
    words::{Agreement, Stage},
};
use crate::id::LaneUid;

/// What a provider's API says of one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldLane {
    /// What may be its uid here, the likeliest first.
    pub(crate) ids: Vec<LaneUid>,
    /// Where it is, in the provider's word.
    pub(crate) word: Option<String>,
    /// The stages here that the word agrees with; none where it cannot be compared.
    pub(crate) stages: Vec<Stage>,
}

/// What is known of a lane here.
pub(super) struct Here {
    pub(super) lane: LaneUid,
    pub(super) stage: Option<Stage>,
}

/// What agrees and what differs. A lane nobody can place, or a word nobody can compare, is no difference: a warning that is
/// none teaches people to look away.
pub(super) fn compare(here: &[Here], told: &[ToldLane]) -> (Agreement, Vec<StoredConfirmedLane>) {
    let lane_of = |told: &ToldLane| here.iter().find(|here| told.ids.contains(&here.lane));
    let placed = told.iter().any(|told| lane_of(told).is_some());
    let mut lanes: Vec<StoredConfirmedLane> = told
        .iter()
        .map(|told| {
            let here = lane_of(told);
            let agreement = match here {
                Some(here) => match here.stage {
                    Some(stage) if told.stages.contains(&stage) => Agreement::Agrees,
                    Some(_) if !told.stages.is_empty() => Agreement::Differs,
                    _ => Agreement::Unclear,
                },
                // That a pharmacy was asked need not be told; what it did since should have been.
                None if placed && told.stages.iter().any(|stage| *stage != Stage::Assigned) => Agreement::Differs,
                None => Agreement::Unclear,
            };
            StoredConfirmedLane {
                lane_uid: here.map(|here| here.lane.clone()).or_else(|| told.ids.first().cloned()),
                here: here.and_then(|here| here.stage),
                there: told.word.clone(),
                agreement,
            }
        })
        .collect();
    let untold = here.iter().filter(|here| !told.iter().any(|told| told.ids.contains(&here.lane)));
    lanes.extend(untold.map(|here| {
        let is_over = matches!(here.stage, Some(Stage::RejectedOrCancelled | Stage::Reassigned) | None);
        let agreement = if placed && !is_over { Agreement::Differs } else { Agreement::Unclear };
        StoredConfirmedLane { lane_uid: Some(here.lane.clone()), here: here.stage, there: None, agreement }
    }));
    let any = |agreement| lanes.iter().any(|lane| lane.agreement == agreement);
    let agreement = if any(Agreement::Differs) {
        Agreement::Differs
    } else if any(Agreement::Agrees) {
        Agreement::Agrees
    } else {
        Agreement::Unclear
    };
    (agreement, lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(lane: &str, stage: Stage) -> Here {
        Here { lane: lane.into(), stage: Some(stage) }
    }

    fn told(lane: &str, stages: &[Stage]) -> ToldLane {
        ToldLane { ids: vec![lane.into()], word: Some("word".into()), stages: stages.to_vec() }
    }

    #[test]
    fn what_agrees_is_confirmed_and_what_differs_is_a_warning() {
        let one = [here("C1", Stage::WithRider)];
        let shipped = [Stage::Packed, Stage::WithRider];
        assert_eq!(compare(&one, &[told("C1", &shipped)]).0, Agreement::Agrees);
        let (agreement, lanes) = compare(&one, &[told("C1", &[Stage::Delivered])]);
        assert_eq!((agreement, lanes[0].here), (Agreement::Differs, Some(Stage::WithRider)));
        // A lane that is only there, and went on: a webhook was lost.
        assert_eq!(compare(&one, &[told("C1", &shipped), told("C2", &[Stage::Accepted])]).0, Agreement::Differs);
        assert_eq!(compare(&one, &[told("C1", &shipped), told("C2", &[Stage::Assigned])]).0, Agreement::Agrees);
        // A lane that is only here, and was not over: somebody else may have told of it.
        let two = [here("C1", Stage::WithRider), here("C2", Stage::Accepted)];
        assert_eq!(compare(&two, &[told("C1", &shipped)]).0, Agreement::Differs);
    }

    #[test]
    fn what_cannot_be_compared_is_no_difference() {
        let one = [here("C1", Stage::Accepted)];
        assert_eq!(compare(&one, &[told("C1", &[])]).0, Agreement::Unclear);
        assert_eq!(compare(&one, &[told("in another form", &[Stage::Delivered])]).0, Agreement::Unclear);
        assert_eq!(compare(&one, &[]).0, Agreement::Unclear);
        assert_eq!(compare(&[], &[]).0, Agreement::Unclear);
    }
}
