//! What a kube-proxy does for a Service: one address, several replicas behind it.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};

/// Balances connections, not requests, in turn over its backends. A backend that refuses is
/// not passed over: neither does a kube-proxy.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    backends: Vec<SocketAddr>,
    turn: usize,
    /// Both ends of every open connection, to be cut when the balancer goes.
    open: HashMap<SocketAddr, [TcpStream; 2]>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<SocketAddr> {
        let mut state = self.state();
        let turn = state.turn;
        let count = state.backends.len();
        state.turn = turn.wrapping_add(1);
        (count > 0).then(|| state.backends[turn % count])
    }
}

impl Balancer {
    /// Listen on an address, with no backend yet: connections are closed at once.
    pub fn bind(ip: impl Into<IpAddr>, port: u16) -> Result<Self> {
        let address = SocketAddr::new(ip.into(), port);
        let listener = TcpListener::bind(address)
            .with_context(|| format!("{address} is taken: nothing can listen for the Service"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self {
            address,
            shared,
            accepting: Some(accepting),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// New connections may go there from now on.
    pub fn add(&self, backend: SocketAddr) {
        self.shared.state().backends.push(backend);
    }

    /// No new connection goes there; those that exist stay.
    pub fn remove(&self, backend: SocketAddr) {
        self.shared.state().backends.retain(|one| *one != backend);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        for stream in self.shared.state().open.values().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // An error of one connection ends that connection; both sides see it end.
            let _ = relay(client, &shared);
        });
    }
}

fn relay(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let Some(backend) = shared.next() else {
        return Ok(());
    };
    let backend = TcpStream::connect(backend)?;
    client.set_nodelay(true)?;
    backend.set_nodelay(true)?;
    let who = client.peer_addr()?;
    let ends = [client.try_clone()?, backend.try_clone()?];
    let (client_end, backend_end) = (client.try_clone()?, backend.try_clone()?);
    {
        let mut state = shared.state();
        if shared.stopped.load(Ordering::SeqCst) {
            return Ok(());
        }
        state.open.insert(who, ends);
    }
    let up = thread::spawn(move || copy(client_end, backend_end));
    copy(backend, client);
    let _ = up.join();
    shared.state().open.remove(&who);
    Ok(())
}

/// One direction, until its source ends; the end is passed on.
fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::Ipv4Addr;

    use super::*;

    /// Answers each connection with its name, and then repeats what it hears.
    fn backend(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    stream.write_all(name.as_bytes()).unwrap();
                    let mut back = stream.try_clone().unwrap();
                    io::copy(&mut stream, &mut back).unwrap();
                });
            }
        });
        address
    }

    fn ask(balancer: &Balancer) -> String {
        let mut stream = TcpStream::connect(balancer.address()).unwrap();
        stream.write_all(b"!").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn connections_take_turns_and_a_removed_backend_gets_none() {
        let balancer = Balancer::bind(Ipv4Addr::LOCALHOST, 0).unwrap();
        let (one, two) = (backend("one"), backend("two"));
        balancer.add(one);
        balancer.add(two);
        let mut answers = [ask(&balancer), ask(&balancer)];
        answers.sort();
        assert_eq!(answers, ["one!", "two!"]);
        balancer.remove(one);
        assert_eq!([ask(&balancer), ask(&balancer)], ["two!", "two!"]);
    }

    #[test]
    fn a_connection_outlives_the_removal_of_its_backend_but_not_the_balancer() {
        let balancer = Balancer::bind(Ipv4Addr::LOCALHOST, 0).unwrap();
        let one = backend("one");
        balancer.add(one);
        let mut stream = TcpStream::connect(balancer.address()).unwrap();
        let mut heard = [0; 3];
        stream.read_exact(&mut heard).unwrap();
        balancer.remove(one);
        stream.write_all(b"???").unwrap();
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"???");
        drop(balancer);
        assert_eq!(stream.read(&mut heard).unwrap_or(0), 0);
    }

    #[test]
    fn a_taken_address_is_named() {
        let first = Balancer::bind(Ipv4Addr::LOCALHOST, 0).unwrap();
        let port = first.address().port();
        let error = Balancer::bind(Ipv4Addr::LOCALHOST, port).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("127.0.0.1:{port} is taken")),
            "{error}"
        );
    }
}
