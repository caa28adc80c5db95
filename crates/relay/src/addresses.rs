//! Who is at the other end, and how much of it: limits per network address. Part of step 1.
//!
//! The address is the connection's, or what a proxy the operator trusts says it is. A whole /64 counts as one address of
//! IPv6: that is what one subscriber gets. Bounded in memory however many addresses there are.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::HeaderMap;
use ipnet::IpNet;

use crate::{config::Limits, limits::Bucket};

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Unknown paths and tokens, and pairing codes, per second, and at once, from one address.
const GUESS_RATE: (u32, u32) = (5, 100);
/// Addresses remembered. Beyond, those that did nothing lately are forgotten; if none did, newcomers share one account.
const REMEMBERED: usize = 50_000;

/// The address a request is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client(pub(crate) IpAddr);

/// What one address may do.
#[derive(Debug)]
struct Account {
    deliveries: Bucket,
    guesses: Bucket,
    connections: usize,
    last: Instant,
}

/// All addresses that came by lately.
pub(crate) struct Addresses {
    rate: (u32, u32),
    most_connections: usize,
    trusted: Vec<IpNet>,
    known: Mutex<HashMap<IpAddr, Account>>,
}

/// One connection of an address; no longer counted when dropped.
pub(crate) struct Open {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    pub(crate) fn new(limits: &Limits, trusted: Vec<IpNet>) -> Self {
        Self {
            rate: (limits.address_rate, limits.address_burst),
            most_connections: limits.address_connections,
            trusted,
            known: Mutex::default(),
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// Who sent a request. Proxies append to the header, so the last address that is not one of theirs is the one they
    /// saw; what stands before it anybody may have written.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let mut client = peer;
        if self.trusts(peer) {
            let values = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
            let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
            for hop in hops.iter().rev() {
                let Ok(address) = hop.parse::<IpAddr>() else { break };
                client = address;
                if !self.trusts(address) {
                    break;
                }
            }
        }
        Client(subscriber(client))
    }

    /// A delivery from there; or how long until the next may come.
    pub(crate) fn deliver(&self, Client(address): Client, now: Instant) -> Result<(), Duration> {
        if self.rate.0 == 0 {
            return Ok(());
        }
        self.with(address, now, |account| account.deliveries.take(now))
    }

    /// Something from there that leads nowhere: a path, a token, a code.
    pub(crate) fn guess(&self, Client(address): Client, now: Instant) -> Result<(), Duration> {
        self.with(address, now, |account| account.guesses.take(now))
    }

    /// A new connection from there. `None` if there are too many already; a trusted proxy may have any number.
    pub(crate) fn connect(self: &Arc<Self>, peer: IpAddr, now: Instant) -> Option<Open> {
        let address = subscriber(peer);
        let free = self.most_connections == 0 || self.trusts(peer);
        let counted = self.with(address, now, |account| {
            let fits = free || account.connections < self.most_connections;
            account.connections += usize::from(fits);
            fits
        });
        counted.then(|| Open { addresses: self.clone(), address })
    }

    /// How many addresses are remembered.
    pub(crate) fn count(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn with<T>(&self, address: IpAddr, now: Instant, change: impl FnOnce(&mut Account) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = address;
        if known.len() >= REMEMBERED && !known.contains_key(&address) {
            let lately = Duration::from_secs(60);
            known.retain(|_, account| account.connections > 0 || now.saturating_duration_since(account.last) < lately);
            if known.len() >= REMEMBERED {
                address = Ipv6Addr::UNSPECIFIED.into();
            }
        }
        let account = known.entry(address).or_insert_with(|| Account {
            deliveries: Bucket::new(self.rate.0, self.rate.1, now),
            guesses: Bucket::new(GUESS_RATE.0, GUESS_RATE.1, now),
            connections: 0,
            last: now,
        });
        account.last = now;
        change(account)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut known = self.addresses.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = known.get_mut(&self.address) {
            account.connections = account.connections.saturating_sub(1);
        }
    }
}

fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(trusted: &[&str]) -> Addresses {
        let limits = Limits { address_rate: 1, address_burst: 2, address_connections: 2, ..Limits::default() };
        Addresses::new(&limits, trusted.iter().map(|network| network.parse().unwrap()).collect())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let known = addresses(&["10.0.0.0/8", "fd00::/8"]);
        let client = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, value.parse().unwrap());
            }
            known.client(ip(peer), &headers).0
        };
        assert_eq!(client("203.0.113.7", &["198.51.100.1"]), ip("203.0.113.7"), "a stranger says anything");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"]), ip("198.51.100.1"));
        assert_eq!(
            client("10.0.0.1", &["6.6.6.6", "198.51.100.1"]),
            ip("198.51.100.1"),
            "several headers are one list"
        );
        assert_eq!(client("10.0.0.1", &["198.51.100.1, nonsense"]), ip("10.0.0.1"));
        assert_eq!(client("10.0.0.1", &[]), ip("10.0.0.1"));
        assert_eq!(client("fd00::1", &["2001:db8:1:2:3:4:5:6"]), ip("2001:db8:1:2::"));
    }

    #[test]
    fn one_address_cannot_use_up_what_another_may() {
        let known = Arc::new(addresses(&["10.0.0.0/8"]));
        let now = Instant::now();
        let (one, two) = (Client(ip("192.0.2.1")), Client(ip("192.0.2.2")));
        assert!(known.deliver(one, now).is_ok() && known.deliver(one, now).is_ok());
        assert_eq!(known.deliver(one, now), Err(Duration::from_secs(1)));
        assert!(known.deliver(two, now).is_ok());
        assert!((0..GUESS_RATE.1).all(|_| known.guess(one, now).is_ok()));
        assert!(known.guess(one, now).is_err());
        assert!(known.guess(two, now).is_ok());

        let open: Vec<_> = (0..3).map(|_| known.connect(ip("192.0.2.1"), now)).collect();
        assert_eq!(open.iter().filter(|open| open.is_some()).count(), 2);
        assert!((0..9).map(|_| known.connect(ip("10.0.0.1"), now)).all(|open| open.is_some()), "a proxy is many");
        drop(open);
        assert!(known.connect(ip("192.0.2.1"), now).is_some());
    }

    #[test]
    fn memory_is_bounded_however_many_come() {
        let known = addresses(&[]);
        let now = Instant::now();
        for i in 0..u32::try_from(REMEMBERED).unwrap() + 1000 {
            let _ = known.deliver(Client(IpAddr::V4(i.into())), now);
        }
        assert!(known.count() <= REMEMBERED + 1);
        let later = now + Duration::from_secs(3600);
        let _ = known.deliver(Client(ip("192.0.2.1")), later);
        assert_eq!(known.count(), 1, "those that did nothing lately are forgotten");
    }
}
