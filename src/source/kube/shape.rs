//! The parts of Argo CD's and Kubernetes' objects that rows are made of, and nothing else of them.

use super::lenient::{Count, Last, List, Pairs, Tally, Text, objects};
use crate::domain::SyncPhase;

/// More of these than a person can read are not kept.
const FEW: usize = 64;

objects! {
    /// One line of a watch.
    Event {
        /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
        kind: Text<'de> = "type",
        /// What it is about.
        object: Object<'de> = "object",
    }

    /// One frame of a stream of argocd-server.
    Frame {
        /// What happened.
        result: FrameResult<'de> = "result",
        /// Why the stream ends.
        error: FrameError<'de> = "error",
    }

    FrameResult {
        kind: Text<'de> = "type",
        object: Object<'de> = "application",
    }

    FrameError {
        code: i64 = "http_code",
        message: Text<'de> = "message",
    }

    /// An Application; or, in a bookmark or an error, what those carry.
    Object {
        metadata: Metadata<'de> = "metadata",
        spec: Spec<'de> = "spec",
        status: Status<'de> = "status",
        operation: Option<Request<'de>> = "operation",
        /// Of an error: the HTTP status it stands for.
        code: i64 = "code",
        /// Of an error: what it says.
        message: Text<'de> = "message",
    }

    Metadata {
        name: Text<'de> = "name",
        namespace: Text<'de> = "namespace",
        resource_version: Text<'de> = "resourceVersion",
        created: Text<'de> = "creationTimestamp",
        deleting: Text<'de> = "deletionTimestamp",
        labels: Pairs<'de, FEW> = "labels",
        annotations: Annotations<'de> = "annotations",
        owners: List<Owner<'de>, 16> = "ownerReferences",
    }

    Annotations {
        refresh: Option<Text<'de>> = "argocd.argoproj.io/refresh",
        /// Of a bookmark: everything there was has been sent.
        initial_events_end: Text<'de> = "k8s.io/initial-events-end",
    }

    Owner {
        kind: Text<'de> = "kind",
        name: Text<'de> = "name",
    }

    Spec {
        project: Text<'de> = "project",
        destination: Destination<'de> = "destination",
        source: Source<'de> = "source",
        sources: List<Source<'de>, FEW> = "sources",
        hydrator: Option<Hydrator<'de>> = "sourceHydrator",
        sync_policy: SyncPolicy<'de> = "syncPolicy",
    }

    Destination {
        server: Text<'de> = "server",
        name: Text<'de> = "name",
        namespace: Text<'de> = "namespace",
    }

    Source {
        repo: Text<'de> = "repoURL",
        path: Text<'de> = "path",
        chart: Text<'de> = "chart",
        target_revision: Text<'de> = "targetRevision",
    }

    Hydrator {
        dry: Source<'de> = "drySource",
        wet: HydratedSource<'de> = "syncSource",
    }

    HydratedSource {
        repo: Text<'de> = "repoURL",
        path: Text<'de> = "path",
        target_branch: Text<'de> = "targetBranch",
    }

    SyncPolicy {
        automated: Option<Automated<'de>> = "automated",
    }

    Automated {
        enabled: Option<bool> = "enabled",
        prune: bool = "prune",
        self_heal: bool = "selfHeal",
    }

    Status {
        sync: SyncStatus<'de> = "sync",
        health: HealthStatus<'de> = "health",
        resources: Tally<Resources<'de>> = "resources",
        operation: Option<OperationState<'de>> = "operationState",
        history: Last<HistoryRow<'de>> = "history",
        conditions: List<Condition<'de>, FEW> = "conditions",
        reconciled: Text<'de> = "reconciledAt",
        summary: Summary<'de> = "summary",
        controller_namespace: Text<'de> = "controllerNamespace",
    }

    SyncStatus {
        status: Text<'de> = "status",
        revision: Text<'de> = "revision",
        revisions: List<Text<'de>, 1> = "revisions",
    }

    HealthStatus {
        status: Text<'de> = "status",
        message: Text<'de> = "message",
        since: Text<'de> = "lastTransitionTime",
    }

    Resource {
        kind: Text<'de> = "kind",
        namespace: Text<'de> = "namespace",
        name: Text<'de> = "name",
        status: Text<'de> = "status",
        hook: bool = "hook",
        requires_pruning: bool = "requiresPruning",
    }

    /// `status.operationState`.
    OperationState {
        request: Request<'de> = "operation",
        phase: Text<'de> = "phase",
        message: Text<'de> = "message",
        started: Text<'de> = "startedAt",
        finished: Text<'de> = "finishedAt",
        retries: i64 = "retryCount",
        result: SyncResult<'de> = "syncResult",
    }

    /// `operation`: what was asked for.
    Request {
        sync: Sync<'de> = "sync",
        initiator: Initiator<'de> = "initiatedBy",
        retry: Retry<'de> = "retry",
    }

    Sync {
        revision: Text<'de> = "revision",
        revisions: List<Text<'de>, 1> = "revisions",
        dry_run: bool = "dryRun",
    }

    Initiator {
        username: Text<'de> = "username",
        automated: bool = "automated",
    }

    Retry {
        limit: Option<i64> = "limit",
        refresh: bool = "refresh",
        backoff: Backoff<'de> = "backoff",
    }

    Backoff {
        duration: Text<'de> = "duration",
        factor: Option<i64> = "factor",
        max: Text<'de> = "maxDuration",
    }

    SyncResult {
        revision: Text<'de> = "revision",
        revisions: List<Text<'de>, 1> = "revisions",
        resources: Tally<Results<'de>> = "resources",
    }

    ResourceResult {
        status: Text<'de> = "status",
        phase: Text<'de> = "hookPhase",
        sync_phase: Text<'de> = "syncPhase",
        hook: Text<'de> = "hookType",
        images: List<Text<'de>, FEW> = "images",
    }

    HistoryRow {
        id: i64 = "id",
        revision: Text<'de> = "revision",
        revisions: List<Text<'de>, 1> = "revisions",
        deployed: Text<'de> = "deployedAt",
        initiator: Initiator<'de> = "initiatedBy",
    }

    Condition {
        kind: Text<'de> = "type",
        message: Text<'de> = "message",
        since: Text<'de> = "lastTransitionTime",
    }

    Summary {
        images: List<Text<'de>, FEW> = "images",
    }

    /// The answer to a request for a table.
    Table {
        kind: Text<'de> = "kind",
        columns: List<Column<'de>, FEW> = "columnDefinitions",
        rows: List<Row<'de>, { usize::MAX }> = "rows",
    }

    Column {
        name: Text<'de> = "name",
    }

    Row {
        cells: List<Text<'de>, FEW> = "cells",
    }

    /// What a list says of itself.
    ListMeta {
        resource_version: Text<'de> = "resourceVersion",
        more: Text<'de> = "continue",
    }

    /// The body of an answer that is not a success.
    Failure {
        message: Text<'de> = "message",
        reason: Text<'de> = "reason",
    }
}

/// The rows of `status.resources`, counted.
#[derive(Debug, Default)]
pub struct Resources<'de> {
    /// All but live hooks.
    pub total: u32,
    /// Those that differ from Git.
    pub drift: u32,
    /// Those that left Git.
    pub prunable: u32,
    /// Kind, namespace and name of those that make pods, and of pods.
    pub workloads: Vec<[Text<'de>; 3]>,
}

/// Kinds whose pods belong to the Application.
const WORKLOADS: [&str; 8] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod", "Rollout"];

impl<'de> Count<'de> for Resources<'de> {
    type Item = Resource<'de>;

    /// A live hook is listed too, with `requiresPruning` and without a status (recorded): it is no drift and nothing
    /// to prune.
    fn add(&mut self, resource: &Resource<'de>) {
        if WORKLOADS.contains(&&*resource.kind) && self.workloads.len() < 4 * FEW {
            self.workloads.push([&resource.kind, &resource.namespace, &resource.name].map(Clone::clone));
        }
        if !resource.hook {
            self.total += 1;
            self.drift += u32::from(resource.status == "OutOfSync");
            self.prunable += u32::from(resource.requires_pruning);
        }
    }
}

/// The rows of `syncResult.resources`, counted by their phase.
#[derive(Debug, Default)]
pub struct Results<'de> {
    /// Images of what was applied.
    pub applied: Vec<Text<'de>>,
    /// Images of hooks.
    pub hooks: Vec<Text<'de>>,
    /// All of them, and those nothing more will happen to.
    counts: [(u32, u32); SyncPhase::ALL.len()],
}

impl Results<'_> {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.counts.iter().map(|(total, _)| total).sum()
    }

    /// The latest phase that has any.
    pub fn sync_phase(&self) -> Option<SyncPhase> {
        self.counts.iter().rposition(|(total, _)| *total > 0).map(|latest| SyncPhase::ALL[latest])
    }

    /// Those that are through: all of the phases before the latest. (An ordinary resource reads `Running` until the
    /// operation ends: recorded, `deploy`.)
    pub fn done(&self) -> u32 {
        let latest = self.sync_phase().map_or(0, |phase| phase as usize);
        let counts = self.counts.iter().enumerate();
        counts.map(|(n, (total, done))| if n < latest { total } else { done }).sum()
    }
}

impl<'de> Count<'de> for Results<'de> {
    type Item = ResourceResult<'de>;

    /// `hookPhase` is filled for ordinary resources too: `Running` is applied and waited for.
    fn add(&mut self, result: &ResourceResult<'de>) {
        let phase = SyncPhase::parse(&result.sync_phase).unwrap_or(SyncPhase::Sync);
        let (total, done) = &mut self.counts[phase as usize];
        *total += 1;
        let is_done = match &*result.phase {
            "" => !result.status.is_empty(),
            phase => matches!(phase, "Succeeded" | "Failed" | "Error"),
        };
        *done += u32::from(is_done);
        let images = if result.hook.is_empty() { &mut self.applied } else { &mut self.hooks };
        for image in &result.images.0 {
            if images.len() < FEW && !images.contains(image) {
                images.push(image.clone());
            }
        }
    }
}

impl<'de> Frame<'de> {
    /// As a line of a watch would tell it.
    pub fn event(self) -> Event<'de> {
        if self.error.code == 0 && self.error.message.is_empty() {
            return Event { kind: self.result.kind, object: self.result.object, ..Event::default() };
        }
        let object = Object { code: self.error.code, message: self.error.message, ..Object::default() };
        Event { kind: "ERROR".into(), object, ..Event::default() }
    }
}
