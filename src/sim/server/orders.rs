//! What people order of a running argocd-server: that it goes and comes back, that tokens hold no longer, that it fails.

use serde_json::json;

use super::super::fault::{self, Answer, What};
use super::listen::Server;

/// The orders there are, for messages.
const ORDERS: &str =
    "stop, start, revoke USER|all, end USER|all (sessions of single sign-on), fault WHAT (as for sources)";

impl Server {
    /// Does what the words say; the answer is a sentence.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub async fn order(&self, words: &[&str]) -> Result<String, String> {
        match words {
            ["stop"] => {
                self.stop().await;
                Ok("argocd-server is stopped".to_owned())
            }
            ["start"] => {
                self.start_again().map_err(|error| format!("argocd-server cannot listen again: {error}"))?;
                Ok(format!("argocd-server listens at {}", self.url()))
            }
            ["revoke", "all"] => {
                self.desk().revoke_all(None);
                Ok("no token given so far holds any longer".to_owned())
            }
            ["revoke", user] => {
                self.desk().revoke_all(Some(user));
                Ok(format!("no token {user} was given so far holds any longer"))
            }
            ["end", user] => {
                self.desk().end_sessions((*user != "all").then_some(*user));
                Ok(format!("the sessions of {user} have ended: no token holds, none is renewed"))
            }
            ["fault", words @ ..] => self.suffer(words),
            _ => Err(format!("there is no order `{}` for an argocd-server; there are: {ORDERS}", words.join(" "))),
        }
    }

    fn suffer(&self, words: &[&str]) -> Result<String, String> {
        let order = fault::parse(words)?;
        let faults = &self.desk().faults;
        match order.what {
            What::Latency(latency) => faults.latency(latency),
            What::Answer(answer) => drop(faults.strike(order.aim, in_own_words(answer))),
            What::Cut(cut) => drop(faults.cut_off(order.aim, cut)),
            What::LoggedOut => self.desk().revoke_all(None),
            What::Clear => faults.clear(),
            What::OldStore | What::Certificate(_) | What::Skew(_) => {
                return Err(format!("`{}` is a fault of API servers, not of argocd-server", words.join(" ")));
            }
        }
        Ok(format!("ordered: {}", words.join(" ")))
    }
}

/// A refusal as argocd-server would give it.
fn in_own_words(answer: Answer) -> Answer {
    let Answer::Status(status, _) = answer else { return answer };
    let (code, words) = match status {
        401 => (16, "invalid session: token is revoked, please re-login"),
        403 => (7, "permission denied"),
        409 => (10, "the object has been modified; please apply your changes to the latest version and try again"),
        503 => (14, "connection error: desc = \"transport: Error while dialing\""),
        504 => (4, "context deadline exceeded"),
        _ => (13, "internal error"),
    };
    Answer::Status(status, json!({"error": words, "code": code, "message": words}).to_string())
}
