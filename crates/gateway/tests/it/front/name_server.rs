//! A name server for tests: answers what it is told to, over UDP on loopback.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// What a name is answered with.
#[derive(Clone)]
pub(super) enum Answer {
    /// These addresses, which live for no time at all.
    Addresses(Vec<IpAddr>),
    /// The servers of that name are broken.
    Broken,
    /// Nothing, ever.
    Silence,
}

type Zone = Arc<Mutex<HashMap<String, Answer>>>;

/// A running name server. What it was not told of does not exist.
pub(super) struct NameServer {
    pub(super) address: SocketAddr,
    zone: Zone,
    serving: JoinHandle<()>,
}

impl NameServer {
    pub(super) async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let zone = Zone::default();
        let known = Arc::clone(&zone);
        let serving = tokio::spawn(async move {
            let mut bytes = vec![0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                if let Some(answer) = answer(&bytes[..length], &known) {
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        Self { address, zone, serving }
    }

    /// Sets a name's addresses.
    pub(super) fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.answer(name, Answer::Addresses(addresses));
    }

    /// Sets what a name is answered with.
    pub(super) fn answer(&self, name: &str, answer: Answer) {
        self.zone.lock().unwrap().insert(format!("{name}."), answer);
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn answer(query: &[u8], zone: &Zone) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).unwrap();
    let question = query.queries.first().unwrap().clone();
    let mut response = Message::response(query.metadata.id, query.metadata.op_code);
    response.add_query(question.clone());
    match zone.lock().unwrap().get(&question.name().to_string().to_lowercase()) {
        None => response.metadata.response_code = ResponseCode::NXDomain,
        Some(Answer::Broken) => response.metadata.response_code = ResponseCode::ServFail,
        Some(Answer::Silence) => return None,
        Some(Answer::Addresses(addresses)) => {
            for address in addresses {
                let data = match address {
                    IpAddr::V4(v4) if question.query_type() == RecordType::A => RData::A((*v4).into()),
                    IpAddr::V6(v6) if question.query_type() == RecordType::AAAA => RData::AAAA((*v6).into()),
                    _ => continue,
                };
                response.add_answer(Record::from_rdata(question.name().clone(), 0, data));
            }
        }
    }
    Some(response.to_vec().unwrap())
}
