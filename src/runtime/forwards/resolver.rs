//! Which pod answers at this moment: asked anew for every connection.

use tokio::sync::Mutex;

use crate::domain::Timestamp;
use crate::domain::time::elapsed;
use crate::forward::{Candidate, Remote, ServicePort, Target, choose, selector, service_ports};
use crate::source::kube::{Cluster, ReadError, escape, whole_object};

/// Which labels mean the target's pods is asked again after this long, and whenever nobody answers.
const SELECTED: std::time::Duration = std::time::Duration::from_secs(60);

/// Why there is no pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// None is ready.
    Nobody(String),
    /// We may not look.
    Denied(String),
    /// Nobody could be asked.
    Failed(String),
}

impl From<ReadError> for Miss {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Missing(why) => Self::Nobody(why),
            ReadError::Denied(why) => Self::Denied(why),
            ReadError::Failed { why, .. } => Self::Failed(why),
        }
    }
}

/// The pod that answers, and how ports lead to it.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub pod: Candidate,
    services: Option<Vec<ServicePort>>,
}

impl Answers {
    /// The pod's port that `remote` means, and the container that has it.
    pub fn port(&self, remote: &Remote) -> Result<(u16, String), Miss> {
        let mut meant = remote.clone();
        if let Some(ports) = &self.services {
            let found = ports.iter().find(|port| match remote {
                Remote::Number(number) => port.number == *number,
                Remote::Name(name) => port.name == *name,
            });
            let Some(found) = found else {
                let known: Vec<String> = ports.iter().map(|port| format!("{} {}", port.number, port.name)).collect();
                return Err(Miss::Failed(format!("the service has no port {remote}, only {}", known.join(", "))));
            };
            meant = found.target.clone();
        }
        let (number, container) = self
            .pod
            .port(&meant)
            .ok_or_else(|| Miss::Failed(format!("no container of {} has a port named {meant}", self.pod.name)))?;
        Ok((number, container.to_owned()))
    }
}

/// Finds the pod that answers for a target.
#[derive(Debug)]
pub(super) struct Resolver {
    pub cluster: Cluster,
    pub namespace: String,
    pub target: Target,
    /// A debugger may hold the process, which then is not ready.
    paused: bool,
    state: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The labels of the pods, since when that is known, and the ports if the target is a service.
    selected: Option<(String, Option<Vec<ServicePort>>, Timestamp)>,
    /// The pod that answered last, by its uid.
    sticky: Option<String>,
}

impl Resolver {
    pub fn new(cluster: Cluster, namespace: String, target: Target, paused: bool) -> Self {
        Self { cluster, namespace, target, paused, state: Mutex::default() }
    }

    /// Looks which pod answers.
    pub async fn resolve(&self) -> Result<Answers, Miss> {
        let mut known = self.state.lock().await;
        let answers = self.look(&mut known).await;
        match &answers {
            Ok(answers) => known.sticky = Some(answers.pod.uid.clone()),
            // who is nowhere is looked for anew; who cannot be asked for may still be there
            Err(Miss::Nobody(_)) => *known = Known::default(),
            Err(_) => known.selected = None,
        }
        answers
    }

    async fn look(&self, known: &mut Known) -> Result<Answers, Miss> {
        let pods = format!("/api/v1/namespaces/{}/pods", escape(&self.namespace));
        let Some(path) = self.target.path(&escape(&self.namespace)) else {
            let what = self.target.to_string();
            let pod = whole_object(&self.cluster, &format!("{pods}/{}", escape(self.target.name())), &what).await?;
            let candidates: Vec<Candidate> = Candidate::of(&pod).into_iter().collect();
            let chosen =
                choose(&candidates, known.sticky.as_deref(), self.paused).map_err(|nobody| Miss::Nobody(nobody.0))?;
            return Ok(Answers { pod: chosen.clone(), services: None });
        };
        let now = self.cluster.clock().now();
        if known.selected.as_ref().is_none_or(|(.., since)| elapsed(*since, now) > SELECTED) {
            let object = whole_object(&self.cluster, &path, &self.target.to_string()).await?;
            let labels = selector(&object, &self.target)
                .ok_or_else(|| Miss::Nobody(format!("{} selects no pods", self.target)))?;
            let services = matches!(self.target, Target::Service(_)).then(|| service_ports(&object));
            known.selected = Some((labels, services, now));
        }
        let Some((labels, services, _)) = &known.selected else {
            return Err(Miss::Nobody(format!("{} selects no pods", self.target)));
        };
        let path = format!("{pods}?labelSelector={}", escape(labels));
        let list = whole_object(&self.cluster, &path, &format!("pods of {}", self.target)).await?;
        let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
        let candidates: Vec<Candidate> = items.iter().filter_map(Candidate::of).collect();
        let chosen =
            choose(&candidates, known.sticky.as_deref(), self.paused).map_err(|nobody| Miss::Nobody(nobody.0))?;
        Ok(Answers { pod: chosen.clone(), services: services.clone() })
    }
}
