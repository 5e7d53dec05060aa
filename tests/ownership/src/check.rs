//! The product held against the oracle.

use crate::oracle::facts::Facts;
use crate::oracle::passes::{OLD_HUB_LIVE, OWNED_ELSEWHERE, Opinion};
use crate::oracle::{Ask, Outcome};
use crate::render;
use crate::requests::Request;
use crate::seen::Seen;
use acm_backup_domain::rules;
use acm_backup_domain::snapshot::Snapshot;
use acm_backup_domain::status;

/// What the product says of a request.
#[derive(Clone, Debug)]
pub struct Product {
    /// Nothing of the judged rule denies.
    pub passes: bool,
    /// No rule at all denies.
    pub nothing_denies: bool,
    /// Its texts.
    pub said: Vec<String>,
}

/// Where they differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What the oracle says.
    pub oracle: String,
    /// What the product says.
    pub product: String,
}

/// Whether the product has the rule yet.
pub fn judges_schedules() -> bool {
    rules::RULES.iter().any(|rule| rule.id == OWNED_ELSEWHERE)
}

/// What the product says.
pub fn product(request: &Request, snapshot: &Snapshot) -> Product {
    let rule = match request.ask {
        Some(_) => OLD_HUB_LIVE,
        None => OWNED_ELSEWHERE,
    };
    let judgement = rules::judge(&request.review, snapshot);
    Product {
        passes: !judgement.denials().any(|finding| finding.rule == rule),
        nothing_denies: !judgement.is_denied(),
        said: judgement
            .findings
            .iter()
            .filter(|finding| finding.rule == rule)
            .map(ToString::to_string)
            .collect(),
    }
}

/// What the oracle says.
pub fn oracle(request: &Request, opinion: &Opinion<'_, '_>) -> Outcome {
    match &request.ask {
        Some(ask) => opinion.activation(ask, &request.statements, &request.requester),
        None => opinion.schedule(&request.statements, &request.requester),
    }
}

/// One comparison: the oracle's opinion of a view, and the same view for the product to judge.
pub type Comparison = fn(&Opinion<'_, '_>, &mut Snapshot, &Request) -> Option<Difference>;

/// A comparison from the view on.
pub fn of_view(seen: &Seen, request: &Request, compare: Comparison) -> Option<Difference> {
    let snapshot = render::snapshot(seen);
    let facts = Facts::new(&snapshot);
    compare(&Opinion::new(&facts), &mut snapshot.clone(), request)
}

/// The guard: it passes exactly where the oracle says so.
pub fn guard(
    opinion: &Opinion<'_, '_>,
    snapshot: &mut Snapshot,
    request: &Request,
) -> Option<Difference> {
    if request.ask.is_none() && !judges_schedules() {
        return None;
    }
    request.complete(snapshot);
    let oracle = oracle(request, opinion);
    let product = product(request, snapshot);
    (!oracle.undecided && oracle.passes() != product.passes).then(|| Difference {
        oracle: format!("{oracle:?}"),
        product: format!("passes {}: {}", product.passes, product.said.join("\n")),
    })
}

/// Q3: an activation that passes names every superseded hub in a warning.
pub fn warning(
    opinion: &Opinion<'_, '_>,
    snapshot: &mut Snapshot,
    request: &Request,
) -> Option<Difference> {
    request.complete(snapshot);
    let product = product(request, snapshot);
    if !product.passes {
        return None;
    }
    let said = product.said.join("\n");
    let unnamed: Vec<_> = opinion
        .superseded
        .iter()
        .filter(|who| !said.contains(short(who, opinion.facts)))
        .collect();
    (!unnamed.is_empty()).then(|| Difference {
        oracle: format!("superseded and to be named: {unnamed:?}"),
        product: said.clone(),
    })
}

fn short<'a>(who: &'a crate::oracle::Who, facts: &'a Facts<'_>) -> &'a str {
    use crate::oracle::Who;
    let id = match who {
        Who::Hub(id) => id,
        Who::Twin | Who::Us => facts.own_id.as_deref().unwrap_or_default(),
        Who::Nameless => "unknown",
    };
    id.split('-').next().unwrap_or_default()
}

/// What `status` answers to "can I activate here now?", in the words that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// Yes, once something is known that only a person can know.
    OnceKnown,
    /// No: a rule refuses.
    Refused,
    /// There is nothing to activate, whatever the rules say.
    Nothing,
}

/// The product's words, in one place.
fn answer(snapshot: &Snapshot) -> Answer {
    let activation = status::assess(snapshot).activation;
    let theirs = serde_json::to_value(activation.answer);
    match theirs.as_ref().ok().and_then(|word| word.as_str()) {
        Some("yes") => Answer::Yes,
        Some("onceKnown") => Answer::OnceKnown,
        Some("no" | "notKnown") if !activation.rules.is_empty() => Answer::Refused,
        Some("no" | "alreadyActive" | "notKnown") => Answer::Nothing,
        _ => panic!("status answers {theirs:?}, which nobody told this test of"),
    }
}

/// `status` says what the guard would do with the activation it names: the sync's edit, else the newest whole set
/// of the owner by name. What lives needs more than to be known: that is a no.
pub fn status(
    opinion: &Opinion<'_, '_>,
    snapshot: &mut Snapshot,
    request: &Request,
) -> Option<Difference> {
    request.complete(snapshot);
    let review = status::named_activation(snapshot)?;
    let clusters = review.restore()?.managed_clusters.clone()?;
    let ask = match clusters.as_str() {
        "latest" => Ask::Latest,
        name => Ask::Named(name.to_owned()),
    };
    let oracle = opinion.activation(&ask, "", &request.requester);
    if oracle.undecided {
        return None;
    }
    let others_deny = rules::judge(&review, snapshot)
        .denials()
        .any(|finding| finding.rule != OLD_HUB_LIVE);
    let lives = opinion.in_question().iter().any(|(_, lives)| *lives);
    let should = match () {
        () if others_deny || !oracle.refused.is_empty() || !oracle.blind.is_empty() => {
            Answer::Refused
        }
        () if oracle.passes() => Answer::Yes,
        () if lives => Answer::Refused,
        () => Answer::OnceKnown,
    };
    let answer = answer(snapshot);
    (answer != Answer::Nothing && answer != should).then(|| Difference {
        oracle: format!("{should:?}, other rules deny {others_deny}, lives {lives}: {oracle:?}"),
        product: format!("{answer:?} of {ask:?}"),
    })
}
