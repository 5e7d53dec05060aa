//! An API server in memory, as far as the webhook calls one: get, list, watch, create and merge patch,
//! with uids, versions, conflicts and a clock of its own. Secrets and ConfigMaps are given out as metadata or not
//! at all.

mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use futures::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use wire::{asked, bare, everywhere, full, is_bare, refusal, selects, split};

pub type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;
type Meddle = Box<dyn FnOnce(&Api) + Send>;

/// The path of an object without its name, and the name.
type Key = (String, String);

#[derive(Clone, Default)]
pub struct Api(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

struct State {
    clock: Timestamp,
    objects: BTreeMap<Key, Value>,
    version: u64,
    requests: Vec<String>,
    bodies: Vec<Value>,
    watchers: Vec<mpsc::UnboundedSender<String>>,
    failures: VecDeque<(&'static str, u16)>,
    refused: BTreeMap<&'static str, u16>,
    hanging: VecDeque<&'static str>,
    before_write: Option<Meddle>,
    takes_off: Option<&'static str>,
    unbound: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            // Years from whatever clock the test runs by.
            clock: "2031-11-25T12:00:00Z".parse().unwrap(),
            objects: BTreeMap::new(),
            version: 0,
            requests: Vec::new(),
            bodies: Vec::new(),
            watchers: Vec::new(),
            failures: VecDeque::new(),
            refused: BTreeMap::new(),
            hanging: VecDeque::new(),
            before_write: None,
            takes_off: None,
            unbound: false,
        }
    }
}

impl Api {
    pub fn client(&self) -> kube::Client {
        let api = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let api = api.clone();
            async move { Ok::<_, Infallible>(api.answer(request).await) }
        });
        kube::Client::new(service, "default")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// Stores an object in a collection (`/api/v1/namespaces/c1/secrets`).
    pub fn put(&self, collection: &str, mut object: Value) -> Value {
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let meta = object["metadata"].as_object_mut().unwrap();
        let name = meta["name"].as_str().unwrap().to_owned();
        if let Some(namespace) = collection.split("/namespaces/").nth(1) {
            meta.insert(
                "namespace".into(),
                namespace.split('/').next().unwrap().into(),
            );
        }
        meta.entry("uid")
            .or_insert(format!("00000000-0000-4000-8000-{version:012x}").into());
        meta.entry("creationTimestamp")
            .or_insert("2026-11-22T16:00:00Z".into());
        meta.insert("resourceVersion".into(), version.to_string().into());
        state
            .objects
            .insert((collection.to_owned(), name), object.clone());
        drop(state);
        self.0.changes.send_replace(version);
        object
    }

    pub fn secret(&self, namespace: &str, name: &str, labels: Value) {
        self.put(
            &format!("/api/v1/namespaces/{namespace}/secrets"),
            json!({"metadata": {"name": name, "labels": labels}, "data": {"k": "dg=="}}),
        );
    }

    /// One with an age of its own.
    pub fn secret_of(&self, created: &str, namespace: &str, name: &str, labels: Value) {
        self.put(
            &format!("/api/v1/namespaces/{namespace}/secrets"),
            json!({"metadata": {"name": name, "labels": labels, "creationTimestamp": created}}),
        );
    }

    /// Sets or takes away (`null`) a label of a Secret, and tells whoever watches what nothing selects.
    pub fn relabel(&self, namespace: &str, name: &str, key: &str, value: Value, event: &str) {
        let collection = format!("/api/v1/namespaces/{namespace}/secrets");
        let mut secret = self.get(&collection, name).unwrap();
        json_patch::merge(&mut secret, &json!({"metadata": {"labels": {key: value}}}));
        let stored = self.put(&collection, secret);
        self.event(event, &json!({"metadata": stored["metadata"]}));
    }

    /// Another webhook at admission takes this label off whatever is written from now on.
    pub fn take_off(&self, key: &'static str) {
        self.state().takes_off = Some(key);
    }

    pub fn config_map(&self, namespace: &str, name: &str) {
        self.put(
            &format!("/api/v1/namespaces/{namespace}/configmaps"),
            json!({"metadata": {"name": name}, "data": {"k": "v"}}),
        );
    }

    /// The RoleBinding of the webhook is gone.
    pub fn unbind(&self) {
        self.state().unbound = true;
    }

    /// Answers every request whose line contains `part` with an error, until it is allowed again.
    pub fn refuse(&self, part: &'static str, code: u16) {
        self.state().refused.insert(part, code);
    }

    pub fn allow(&self, part: &str) {
        self.state().refused.remove(part);
    }

    pub fn delete(&self, collection: &str, name: &str) {
        self.state()
            .objects
            .remove(&(collection.to_owned(), name.to_owned()));
    }

    pub fn get(&self, collection: &str, name: &str) -> Option<Value> {
        let key = (collection.to_owned(), name.to_owned());
        self.state().objects.get(&key).cloned()
    }

    pub fn label_of(&self, namespace: &str, name: &str, key: &str) -> Option<String> {
        self.label("secrets", namespace, name, key)
    }

    pub fn label(&self, plural: &str, namespace: &str, name: &str, key: &str) -> Option<String> {
        let object = self.get(&format!("/api/v1/namespaces/{namespace}/{plural}"), name)?;
        object["metadata"]["labels"][key]
            .as_str()
            .map(str::to_owned)
    }

    /// Everything that was asked, as `METHOD path?query`.
    pub fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    pub fn bodies(&self) -> Vec<Value> {
        self.state().bodies.clone()
    }

    /// Sets the clock forward, or back.
    pub fn pass(&self, seconds: i64) {
        self.state().clock += SignedDuration::from_secs(seconds);
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.state().clock
    }

    /// Never answers the next request whose line contains `part`.
    pub fn hang_once(&self, part: &'static str) {
        self.state().hanging.push_back(part);
    }

    /// Whether a request that was to hang has come.
    pub fn hangs(&self) -> bool {
        self.state().hanging.is_empty()
    }

    /// Does something just before the next write is applied.
    pub fn before_write(&self, meddle: impl FnOnce(&Api) + Send + 'static) {
        self.state().before_write = Some(Box::new(meddle));
    }

    /// Answers the next request whose line contains `part` with an error.
    pub fn fail_once(&self, part: &'static str, code: u16) {
        self.state().failures.push_back((part, code));
    }

    /// Sends an event to everyone who watches.
    pub fn event(&self, kind: &str, object: &Value) {
        let line = format!("{}\n", json!({"type": kind, "object": object}));
        self.state()
            .watchers
            .retain(|watcher| watcher.send(line.clone()).is_ok());
    }

    /// Ends all watches, as an API server does when their time is over.
    pub fn end_watches(&self) {
        self.state().watchers.clear();
    }

    /// Waits until something holds that changes with what is stored or asked.
    pub async fn until(&self, what: impl Fn(&Api) -> bool) {
        let mut changes = self.0.changes.subscribe();
        while !what(self) {
            changes.changed().await.unwrap();
        }
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        let line = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
        let body = body.collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let hangs = {
            let mut state = self.state();
            match state.hanging.front() {
                Some(part) if line.contains(part) => state.hanging.pop_front().is_some(),
                _ => false,
            }
        };
        if hangs {
            self.state().requests.push(line);
            self.0.changes.send_modify(|_| {});
            return std::future::pending().await;
        }
        let failure = {
            let mut state = self.state();
            state.requests.push(line.clone());
            state.bodies.push(body.clone());
            match state.failures.front() {
                Some((part, _)) if line.contains(part) => state.failures.pop_front(),
                _ => {
                    let refused = state.refused.iter();
                    let mut refused = refused.filter(|(part, _)| line.contains(**part));
                    refused.next().map(|(part, code)| (*part, *code))
                }
            }
        };
        let path = parts.uri.path().to_owned();
        let accept = parts
            .headers
            .get("accept")
            .map_or("", |value| value.to_str().unwrap());
        let metadata_only = accept.contains("as=PartialObjectMetadata") && accept.contains(";v=v1");
        let query = parts.uri.query().unwrap_or_default();
        let mut answer = if let Some((_, code)) = failure {
            refusal(code)
        } else if is_bare(&path) && !metadata_only {
            refusal(406)
        } else if parts
            .uri
            .query()
            .is_some_and(|query| query.contains("watch=true"))
        {
            self.watched()
        } else {
            match parts.method {
                Method::GET => self.got(&path, query),
                Method::PATCH => self.patched(&path, query, &body),
                Method::POST => self.created(&path, query, body),
                _ => refusal(405),
            }
        };
        let date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        answer.headers_mut().insert("date", date.parse().unwrap());
        self.0.changes.send_modify(|_| {});
        answer
    }

    /// As the API server notes who wrote, and when by its own clock; of Leases, where somebody reads it.
    fn managed(&self, path: &str, query: &str, object: &mut Value) {
        if !path.contains("/leases") {
            return;
        }
        if let Some(manager) = asked(query, "fieldManager") {
            let time = self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            object["metadata"]["managedFields"] =
                json!([{"manager": manager, "operation": "Update", "time": time}]);
        }
    }

    fn got(&self, path: &str, query: &str) -> Answer {
        if let Some(object) = split(path).and_then(|(collection, name)| self.get(collection, name))
        {
            return full(200, &bare(path, object));
        }
        let selector = asked(query, "labelSelector");
        let selector = selector
            .unwrap_or_default()
            .replace("%2F", "/")
            .replace("%3D", "=");
        let selector = selector.replace("%2C", ",").replace("%21", "!");
        let state = self.state();
        let begin = asked(query, "continue").and_then(|token| token.parse().ok());
        let (begin, limit) = (begin.unwrap_or(0), asked(query, "limit"));
        let limit = limit.map_or(usize::MAX, |limit| limit.parse().unwrap());
        let mut served = is_bare(path);
        let mut items = Vec::new();
        for ((collection, _), object) in &state.objects {
            if collection == path || everywhere(collection) == path {
                served = true;
                if selects(&selector, &object["metadata"]["labels"]) {
                    items.push(bare(path, object.clone()));
                }
            }
        }
        items.retain(|item| item["metadata"]["name"] != "kind-is-served");
        let version = state.version.to_string();
        let end = items.len().min(limit.saturating_add(begin));
        let next = match end < items.len() {
            true => end.to_string(),
            false => String::new(),
        };
        let items = items.drain(begin..end).collect::<Vec<_>>();
        // As the API server has it for a list of metadata alone.
        let items = match is_bare(path) && items.is_empty() {
            true => Value::Null,
            false => json!(items),
        };
        match served {
            true => full(
                200,
                &json!({"metadata": {"resourceVersion": version, "continue": next}, "items": items}),
            ),
            false => refusal(404),
        }
    }

    fn patched(&self, path: &str, query: &str, patch: &Value) -> Answer {
        let meddle = self.state().before_write.take();
        if let Some(meddle) = meddle {
            meddle(self);
        }
        let (collection, name) = split(path).unwrap();
        let Some(mut object) = self.get(collection, name) else {
            return refusal(404);
        };
        for key in ["uid", "resourceVersion"] {
            let wanted = &patch["metadata"][key];
            if !wanted.is_null() && *wanted != object["metadata"][key] {
                return refusal(409);
            }
        }
        json_patch::merge(&mut object, patch);
        if let (Some(key), Some(labels)) = (
            self.state().takes_off,
            object["metadata"]["labels"].as_object_mut(),
        ) {
            labels.remove(key);
        }
        self.managed(path, query, &mut object);
        if query.contains("dryRun=All") {
            return full(200, &bare(path, object));
        }
        full(200, &bare(path, self.put(collection, object)))
    }

    fn created(&self, path: &str, query: &str, mut object: Value) -> Answer {
        if path.contains("selfsubjectaccessreviews") {
            let may = !self.state().unbound;
            return full(201, &json!({"status": {"allowed": may}}));
        }
        if path.contains("subjectaccessreviews") {
            return full(201, &json!({"status": {"allowed": false}}));
        }
        let meddle = self.state().before_write.take();
        if let Some(meddle) = meddle {
            meddle(self);
        }
        self.managed(path, query, &mut object);
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        if self.get(path, &name).is_some() {
            return refusal(409);
        }
        if query.contains("dryRun=All") {
            return full(201, &object);
        }
        full(201, &self.put(path, object))
    }

    fn watched(&self) -> Answer {
        let (sender, receiver) = mpsc::unbounded_channel::<String>();
        self.state().watchers.push(sender);
        let lines = futures::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|line| (line, receiver))
        });
        let frames = lines.map(|line| Ok(Frame::data(Bytes::from(line))));
        Response::new(StreamBody::new(frames).boxed_unsync())
    }
}
