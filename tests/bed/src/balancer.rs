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
