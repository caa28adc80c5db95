//! A connection to the relay that can be cut on request: before a request got through, or after it did and before the
//! answer.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// What becomes of the next question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It never arrives.
    Before = 1,
    /// It arrives; its answer does not.
    After = 2,
}

/// A tunnel on a free port.
pub struct Tunnel {
    /// Where it begins.
    pub url: Url,
    next: Arc<AtomicU8>,
}

impl Tunnel {
    /// Leads to `to`.
    pub async fn to(to: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let next = Arc::new(AtomicU8::new(0));
        let (address, cuts) = (format!("{}:{}", to.host_str().unwrap(), to.port().unwrap()), Arc::clone(&next));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (address, cuts) = (address.clone(), Arc::clone(&cuts));
                tokio::spawn(async move {
                    if let Ok(far) = TcpStream::connect(address).await {
                        carry(near, far, &cuts).await;
                    }
                });
            }
        });
        Self { url, next }
    }

    /// Cuts the next question's connection, once.
    pub fn cut(&self, cut: Cut) {
        self.next.store(cut as u8, Ordering::SeqCst);
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, cuts: &AtomicU8) {
    let (mut question, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = near.read(&mut question) => {
                let Some(read) = read.ok().filter(|read| *read > 0) else { return };
                // Deliveries of the provider pass: only the desk's questions are cut.
                let is_delivery = question.starts_with(b"POST /in/");
                let cut = if is_delivery { 0 } else { cuts.swap(0, Ordering::SeqCst) };
                if cut == Cut::Before as u8 || far.write_all(&question[..read]).await.is_err() {
                    return;
                }
                if cut == Cut::After as u8 {
                    // What is answered to it has been done.
                    let _ = far.read(&mut answer).await;
                    return;
                }
            }
            read = far.read(&mut answer) => {
                let Some(read) = read.ok().filter(|read| *read > 0) else { return };
                if near.write_all(&answer[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
