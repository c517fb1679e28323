//! Sessions into pods: forwards, debuggers, commands. They write nothing and so have no plan, but take the same guard and
//! leave the same trace.

use super::audit::{Audit, AuditError, Record};
use super::guard::{Given, Guard, Required};
use super::refusal::{Refusal, RefusalKind};
use crate::domain::{AppKey, Environment, Risk, Timestamp};

/// A session that is to be opened.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    /// `forward` or `debug`.
    pub verb: &'static str,
    /// The Application whose pods it leads to.
    pub key: &'a AppKey,
    /// That one's environment.
    pub environment: &'a Environment,
    /// What it is, in one line.
    pub title: String,
}

/// A session that was let in. Only [`admit`] makes one.
#[derive(Debug)]
pub struct Visiting(Record);

/// Lets a session in, or says what stands in its way: read-only, protection, confirmation, in this order. Its intent is on
/// disk when this returns.
///
/// # Errors
/// The first thing that stands in the way.
pub fn admit(
    visit: &Visit<'_>,
    rules: &Guard,
    audit: &Audit,
    given: Given<'_>,
    now: Timestamp,
) -> Result<Visiting, Refusal> {
    let environment = visit.environment;
    let required = rules.allows(Risk::Session, &environment.name, environment.protection)?;
    let confirmed = match given {
        Given::Yes => true,
        Given::Phrase(words) => *words == *environment.name,
        Given::Nothing => false,
    };
    if required != Required::Nothing && !confirmed {
        return Err(Refusal {
            kind: RefusalKind::Unconfirmed,
            why: format!("`{}` needs a confirmation", visit.title),
            hint: Some(format!("--confirm {}", environment.name)),
        });
    }
    let record = audit.visit(visit, now).map_err(|error| Refusal::unaudited(error.to_string()))?;
    Ok(Visiting(record))
}

impl Visiting {
    /// Notes how the session ended: `done` or `failed`, and what there is to say.
    ///
    /// # Errors
    /// When it could not be written; the intent then stands alone.
    pub fn end(self, audit: &Audit, outcome: &str, message: Option<String>, now: Timestamp) -> Result<(), AuditError> {
        audit.outcome(&self.0, outcome, message, None, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Who;
    use crate::domain::{GuardPolicy, Protection};

    #[test]
    fn sessions_are_audited_confirmed_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::new(folder.path().to_owned(), Who::default());
        let key = AppKey { source: "cloud".into(), namespace: "argocd".into(), name: "backend-prod".into() };
        let enter = |protection, given, rules: &Guard| {
            let environment =
                Environment { name: "prod".into(), order: 1, protection, color: None, guard: GuardPolicy::Auto };
            let visit = Visit {
                verb: "forward",
                key: &key,
                environment: &environment,
                title: "Forward service/backend".to_owned(),
            };
            admit(&visit, rules, &audit, given, Timestamp::UNIX_EPOCH)
        };
        let rules = Guard::default();
        let refusal = |entered: Result<Visiting, Refusal>| entered.unwrap_err().kind;
        assert_eq!(refusal(enter(Protection::ReadOnly, Given::Yes, &rules)), RefusalKind::Protected);
        assert_eq!(refusal(enter(Protection::Typed, Given::Nothing, &rules)), RefusalKind::Unconfirmed);
        assert_eq!(refusal(enter(Protection::Typed, Given::Phrase("dev"), &rules)), RefusalKind::Unconfirmed);
        let frozen = Guard { readonly: Some("--readonly".to_owned()) };
        assert_eq!(refusal(enter(Protection::Open, Given::Yes, &frozen)), RefusalKind::ReadOnly);
        assert!(audit.read(Timestamp::MIN).unwrap().0.is_empty(), "what is refused leaves no intent");
        enter(Protection::Typed, Given::Phrase("prod"), &rules).unwrap();
        let visiting = enter(Protection::Confirm, Given::Nothing, &rules).unwrap();
        assert_eq!(audit.unfinished(Timestamp::MIN).unwrap().len(), 2);
        visiting.end(&audit, "done", None, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(audit.unfinished(Timestamp::MIN).unwrap().len(), 1);
    }
}
