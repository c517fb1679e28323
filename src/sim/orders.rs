//! What people order of a running world about its network: faults, logins, ports and the log of connections.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::control::{Director, Place, split};
use super::fault::{self, Order, What};
use super::network::Speaks;
use super::scenario::{Fault, Outage};
use super::serve::Server;
use super::time::{plus, stamp};
use super::tls::Leaf;

/// How to take a fault back.
#[derive(Debug)]
pub enum Undo {
    /// By the number of the fault.
    Serial(u64),
    /// Answers wait no longer.
    Latency,
    /// Everybody is let in.
    LoggedOut,
    /// Lists are streamed.
    OldStore,
    /// The certificate is good.
    Certificate,
    /// The clock is right.
    Skew,
    /// There is nothing to take back.
    Nothing,
}

/// Has trouble begin at a server; says how it ends.
///
/// # Errors
/// When the server had to be started again and its port was taken meanwhile.
pub async fn begin(server: &Server, order: Order) -> Result<Undo, String> {
    let faults = server.faults();
    Ok(match order.what {
        What::Latency(latency) => {
            faults.latency(latency);
            Undo::Latency
        }
        What::Answer(answer) => Undo::Serial(faults.strike(order.aim, answer)),
        What::Cut(cut) => Undo::Serial(faults.cut_off(order.aim, cut)),
        What::LoggedOut => {
            faults.log_out();
            Undo::LoggedOut
        }
        What::OldStore => {
            faults.old_store(true);
            Undo::OldStore
        }
        What::Certificate(leaf) => {
            server.show(leaf).await.map_err(|error| format!("the server cannot listen again: {error}"))?;
            Undo::Certificate
        }
        What::Skew(ahead) => {
            server.store().skew(ahead);
            Undo::Skew
        }
        What::Clear => {
            faults.clear();
            server.store().skew(0);
            if server.leaf() != Leaf::Valid {
                server.show(Leaf::Valid).await.map_err(|error| format!("the server cannot listen again: {error}"))?;
            }
            Undo::Nothing
        }
    })
}

/// Has trouble end.
pub async fn undo(server: &Server, undo: Undo) {
    let faults = server.faults();
    match undo {
        Undo::Serial(serial) => faults.take_back(serial),
        Undo::Latency => faults.latency(std::time::Duration::ZERO),
        Undo::LoggedOut => faults.let_in(),
        Undo::OldStore => faults.old_store(false),
        Undo::Certificate => {
            if let Err(error) = server.show(Leaf::Valid).await {
                tracing::warn!(%error, "a simulated source cannot listen again");
            }
        }
        Undo::Skew => server.store().skew(0),
        Undo::Nothing => {}
    }
}

/// Lives through the trouble a scenario tells of.
pub async fn suffer(director: Arc<Director>, fault: Fault) {
    let clock = director.clock();
    let begins = plus(clock.origin(), fault.after);
    clock.sleep_until(begins).await;
    let words: Vec<&str> = fault.what.get_ref().split_whitespace().collect();
    // both were checked when the scenario was read
    let (Ok(order), Some(place)) = (fault::parse(&words), director.place(fault.source.get_ref())) else { return };
    let begun = begin(&place.server, order).await;
    if let (Ok(begun), Some(lasts)) = (begun, fault.lasts) {
        clock.sleep_until(plus(begins, lasts)).await;
        undo(&place.server, begun).await;
    }
}

impl Director {
    /// Has something go wrong at a source, or at all.
    pub(super) async fn fault(&self, source: &str, words: &[&str]) -> Result<String, String> {
        let order = fault::parse(words)?;
        let places: Vec<&Place> = match source {
            "all" => self.places().iter().collect(),
            name => vec![self.source(name)?],
        };
        for place in places {
            begin(&place.server, order.clone()).await?;
        }
        Ok(if order.what == What::Clear { "all is well".to_owned() } else { format!("ordered: {}", words.join(" ")) })
    }

    /// Writes tokens into the kubeconfig that are accepted again.
    pub(super) fn login(&self) -> Result<String, String> {
        let path = self.kubeconfig();
        let failed = |error: &dyn std::fmt::Display| format!("cannot log in within {}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        let mut config: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        for user in config["users"].as_array_mut().into_iter().flatten() {
            let place = user["name"].as_str().and_then(|name| self.place(name));
            let Some((place, token)) = place.zip(user["user"]["token"].as_str()) else { continue };
            let base = token.split('~').next().unwrap_or_default();
            user["user"]["token"] = place.server.faults().token(base).into();
        }
        replace(path, &format!("{config:#}\n")).map_err(|error| failed(&error))?;
        Ok(format!("logged in; the new tokens are in {}", path.display()))
    }

    /// Changes what answers on a port.
    pub(super) fn listen(&self, pods: &str, port: &str, what: &str) -> Result<String, String> {
        split(pods)?;
        let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or_else(|| format!("`{port}` is not a port"))?;
        let speaks = match (what, Speaks::from_word(what), what.parse::<SocketAddr>()) {
            ("nothing", ..) => None,
            (_, Some(speaks), _) => Some(speaks),
            (_, None, Ok(to)) if to.ip().is_loopback() => Some(Speaks::To(to)),
            _ => {
                let words = Speaks::WORDS.join(", ");
                return Err(format!("`{what}` is none of {words}, nothing and an address of this machine's loopback"));
            }
        };
        for place in self.places() {
            place.stage.store.network().order(pods, port, speaks);
        }
        Ok(format!("port {port} of {pods}: {what}"))
    }

    /// Every connection to a pod that is remembered, by source.
    pub(super) fn connections(&self) -> Value {
        let of = |place: &Place| {
            let all = place.stage.store.network().connections().into_iter();
            all.map(|one| {
                json!({"number": one.number, "namespace": one.namespace, "pod": one.pod, "port": one.port,
                    "via": one.via.word(), "opened": stamp(one.opened), "closed": one.closed.map(stamp),
                    "received": one.received, "sent": one.sent, "attached": one.attached})
            })
            .collect::<Value>()
        };
        self.places().iter().map(|place| (place.stage.source.clone(), of(place))).collect()
    }
}

/// Replaces a file that only its owner may read.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let _ = std::fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    std::fs::rename(&beside, path)
}

/// Has a source die and return, as the scenario says.
pub async fn die(director: Arc<Director>, outage: Outage) {
    let clock = director.clock();
    let Some(place) = director.place(outage.source.get_ref()) else { return };
    let mut dies = plus(clock.origin(), outage.after);
    loop {
        clock.sleep_until(dies).await;
        place.server.stop().await;
        let Some(lasts) = outage.lasts else { return };
        clock.sleep_until(plus(dies, lasts)).await;
        if let Err(error) = place.server.start_again() {
            tracing::warn!(%error, source = place.stage.source, "a source does not come back");
        }
        let Some(every) = outage.every else { return };
        dies = plus(dies, every.max(lasts));
    }
}
