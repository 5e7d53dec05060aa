//! The product held against the oracle.

use crate::oracle::Outcome;
use crate::oracle::facts::Facts;
use crate::oracle::passes::{OLD_HUB_LIVE, OWNED_ELSEWHERE, Opinion};
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

/// What `status` answers to "can I activate here now?", in the three words that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// Yes, once something is known that only a person can know.
    OnceKnown,
    /// No, or there is nothing to activate, or it cannot be told.
    No,
}

/// The product's word, in one place.
fn answer(snapshot: &Snapshot) -> Answer {
    let theirs = serde_json::to_value(status::assess(snapshot).activation.answer);
    match theirs.as_ref().ok().and_then(|word| word.as_str()) {
        Some("yes") => Answer::Yes,
        Some("ifFenced") => Answer::OnceKnown,
        Some("no" | "alreadyActive" | "notKnown") => Answer::No,
        _ => panic!("status answers {theirs:?}, which nobody told this test of"),
    }
}

/// `status` says what the guard would do. A hub that is active, or that holds nothing to activate, answers no
/// whatever the guard says.
pub fn status(
    opinion: &Opinion<'_, '_>,
    snapshot: &mut Snapshot,
    request: &Request,
) -> Option<Difference> {
    request.complete(snapshot);
    let oracle = oracle(request, opinion);
    let product = product(request, snapshot);
    let answer = answer(snapshot);
    let wrong = match answer {
        Answer::Yes => !product.nothing_denies,
        Answer::OnceKnown => product.passes || !oracle.refused.is_empty() && !oracle.undecided,
        Answer::No => false,
    };
    wrong.then(|| Difference {
        oracle: format!("{oracle:?}"),
        product: format!(
            "status answers {answer:?}, the guard passes {} (all rules: {}): {}",
            product.passes,
            product.nothing_denies,
            product.said.join("\n")
        ),
    })
}
