//! Raw bodies of eVitalRx to [`Event`] (step 8 of the journey). Total: never panics, never fails; what it cannot place it
//! names. There is no envelope: one JSON object with everything at its top, told apart by `transaction_nature` alone.

use serde_json::Value;

use super::{fields::Fields, items, order, words::Nature};
use crate::event::{Event, Subject, Unrecognised};

/// The medicine webhook names no nature: it is told by its two fields. This is what it is called here.
const MEDICINE: &str = "medicine";

/// What a body says.
pub(crate) fn decode(body: &[u8]) -> Event {
    match read(body) {
        Ok(event) => event,
        Err(reason) => Event { unrecognised: Some(reason), ..Event::default() },
    }
}

/// A body as a person can read it; `None` where it is no JSON object. What the pharmacy earns stays out of it, and so does the
/// handover code, which is asked for by itself.
pub(crate) fn readable(body: &[u8]) -> Option<Value> {
    let mut value: Value = serde_json::from_str(text(body).ok()?).ok()?;
    value.as_object_mut()?.remove("delivery_pin");
    items::without_margins(&mut value);
    Some(value)
}

/// Parsed by content, not by header; a byte-order mark is no content.
fn text(body: &[u8]) -> Result<&str, Unrecognised> {
    let body = std::str::from_utf8(body).map_err(|_| Unrecognised::NotUtf8)?;
    Ok(body.strip_prefix('\u{feff}').unwrap_or(body))
}

fn read(body: &[u8]) -> Result<Event, Unrecognised> {
    let body = text(body)?;
    let Some(mut fields) = Fields::read(body) else {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
        return Err(if is_json { Unrecognised::NotAnEvent } else { Unrecognised::NotJson });
    };
    let Some(nature) = fields.text("transaction_nature") else {
        if fields.has("medicine_id") && fields.has("old_medicine_id") {
            // Of an article, not of an order: nothing to fold.
            return Ok(Event { event_type: Some(MEDICINE.to_owned()), ..Event::default() });
        }
        return Err(Unrecognised::NotAnEvent);
    };
    let known = Nature::of(&nature);
    let mut event = Event { event_type: Some(nature), ..Event::default() };
    match known.ok_or(Unrecognised::UnknownType).and_then(|nature| order::order(nature, fields)) {
        Ok(fact) => event.subject = Some(Subject::Order(Box::new(fact))),
        Err(reason) => event.unrecognised = Some(reason),
    }
    Ok(event)
}

#[cfg(test)]
mod tests;
