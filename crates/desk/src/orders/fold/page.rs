//! The page of one order: what is said of it beyond its row, and what leaves only for somebody who asks for it by itself.

use super::{Order, pharmacy_name};
use crate::{
    event::fact::Fact,
    id::{EventId, LaneUid},
    orders::{
        fact::{Item, OrderFact},
        link,
        view::{
            AmountView, FieldView, HandoverView, ItemView, LinkView, OrderView, PatientView, PinView, ReportedTimeView,
        },
        words::LinkKind,
    },
};

impl Order {
    /// The order page without its patient.
    pub(crate) fn view(&self) -> Option<OrderView> {
        let data = &self.leading()?.1.data;
        let fulfilment = data.fulfilment.clone().unwrap_or_default();
        Some(OrderView {
            row: self.row()?.into(),
            item_list: data.items.iter().map(item_view).collect(),
            doctor: data.doctor.clone().and_then(|doctor| doctor.name),
            shop_order: fulfilment.shop_order_external_id,
            fulfilment: fulfilment.external_id,
            shipping: data.shipping.clone(),
            amounts: data
                .amounts
                .iter()
                .map(|(meaning, amount)| AmountView { meaning: *meaning, amount: amount.clone() })
                .collect(),
            reported: data
                .reported
                .iter()
                .map(|(meaning, text)| ReportedTimeView {
                    meaning: *meaning,
                    text: text.clone(),
                    zone: data.reported_zone.clone(),
                })
                .collect(),
            prescription_file: data.file.clone().and_then(|file| file.name),
            has_patient: data.patient.is_some() || data.delivery_address.is_some() || !data.other.is_empty(),
            has_handover: !self.handover().is_empty(),
        })
    }

    /// How each lane is handed over, newest lane first; lanes of which nothing is told are left out.
    pub(crate) fn handover(&self) -> Vec<HandoverView> {
        let lanes = self.newest().into_iter().map(|(lane, fact)| (Some(lane), fact));
        let whole = self.lanes.get(&None).and_then(|facts| facts.last()).map(|fact| (None, fact));
        let told = lanes.chain(whole).filter(|(_, fact)| {
            let data = &fact.data;
            data.courier.is_some() || data.pin.is_some() || !data.links.is_empty()
        });
        told.map(|(lane, fact)| {
            let data = &fact.data;
            let courier = data.courier.clone().unwrap_or_default();
            HandoverView {
                lane_uid: lane.cloned(),
                lane_name: data.name.clone(),
                pharmacy_name: pharmacy_name(fact),
                courier_name: courier.name,
                courier_phone: courier.phone,
                links: data.links.iter().map(|(kind, text)| link_view(*kind, text)).collect(),
                has_pin: data.pin.is_some(),
            }
        })
        .collect()
    }

    /// The handover code of a lane, for the one who asked.
    pub(crate) fn pin(&self, lane: Option<&LaneUid>) -> Option<PinView> {
        let pin = self.lanes.get(&lane.cloned())?.last()?.data.pin.clone()?;
        Some(PinView { pin: pin.0 })
    }

    /// A link of a lane, as it came.
    pub(crate) fn link(&self, lane: Option<&LaneUid>, kind: LinkKind) -> Option<&str> {
        self.lanes.get(&lane.cloned())?.last()?.data.links.get(&kind).map(String::as_str)
    }

    /// The patient, for the one who asked.
    pub(crate) fn patient(&self) -> Option<PatientView> {
        let data = &self.leading()?.1.data;
        let patient = data.patient.clone().unwrap_or_default();
        let further = data.other.iter().map(|(field, value)| FieldView {
            field: field.clone(),
            value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        });
        Some(PatientView {
            name: patient.name,
            date_of_birth: patient.born,
            email: patient.email,
            phone: patient.phone,
            delivery_address: data.delivery_address.clone().map(Into::into),
            invoice_address: data.invoice_address.clone().map(Into::into),
            further: further.collect(),
        })
    }

    /// The newest event of the leading lane that brought a readable prescription file.
    pub(crate) fn prescription(&self) -> Option<&EventId> {
        let has_file = |fact: &&Fact<OrderFact>| fact.data.file.as_ref().is_some_and(|file| file.bytes.is_some());
        let (facts, _) = self.leading()?;
        facts.iter().rev().find(has_file).map(|fact| &fact.place.event)
    }
}

/// What may be opened shows its host and nothing else; what may not is shown as it came.
fn link_view(kind: LinkKind, text: &str) -> LinkView {
    let host = link::openable(text).and_then(|url| url.host_str().map(str::to_owned));
    LinkView { kind, text: host.is_none().then(|| text.to_owned()), host }
}

fn item_view(item: &Item) -> ItemView {
    let unit = item.unit.clone().unwrap_or_default();
    ItemView {
        name: item.name.clone(),
        pzn: item.number.clone(),
        amount: item.amount,
        unit: unit.word,
        pack: unit.pack,
        loose: unit.loose,
        price: item.price.clone(),
        total: item.total.clone(),
        stock: item.stock,
    }
}
