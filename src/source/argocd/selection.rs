//! What is asked for of an Application: what its row is made of, and nothing else of its tens of kilobytes.

/// Paths within an Application. Lists of objects are gone through, and a path ends what is below it.
const FIELDS: [&str; 51] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.resourceVersion",
    "metadata.creationTimestamp",
    "metadata.deletionTimestamp",
    "metadata.labels",
    "metadata.annotations.argocd.argoproj.io/refresh",
    "metadata.ownerReferences.kind",
    "metadata.ownerReferences.name",
    "spec.project",
    "spec.destination",
    "spec.source.repoURL",
    "spec.source.path",
    "spec.source.chart",
    "spec.source.targetRevision",
    "spec.sources.repoURL",
    "spec.sources.path",
    "spec.sources.chart",
    "spec.sources.targetRevision",
    "spec.sourceHydrator",
    "spec.syncPolicy.automated",
    "operation.sync.revision",
    "operation.sync.revisions",
    "operation.sync.dryRun",
    "operation.initiatedBy",
    "operation.retry",
    "status.sync.status",
    "status.sync.revision",
    "status.sync.revisions",
    "status.health",
    "status.summary.images",
    "status.reconciledAt",
    "status.controllerNamespace",
    "status.conditions",
    "status.resources.kind",
    "status.resources.namespace",
    "status.resources.name",
    "status.resources.status",
    "status.resources.hook",
    "status.resources.requiresPruning",
    "status.history.id",
    "status.history.revision",
    "status.history.revisions",
    "status.history.deployedAt",
    "status.history.initiatedBy",
    "status.operationState.operation",
    "status.operationState.phase",
    "status.operationState.message",
    "status.operationState.startedAt",
    "status.operationState.finishedAt",
    "status.operationState.retryCount",
];

/// What an operation did, without the messages of hundreds of resources.
const RESULT: [&str; 7] = [
    "status.operationState.syncResult.revision",
    "status.operationState.syncResult.revisions",
    "status.operationState.syncResult.resources.status",
    "status.operationState.syncResult.resources.hookPhase",
    "status.operationState.syncResult.resources.syncPhase",
    "status.operationState.syncResult.resources.hookType",
    "status.operationState.syncResult.resources.images",
];

/// The path of the stream of changes. One that begins at a version does not tell first what there is, and everything is
/// newer than version 0: a server that selects fields of ten thousand Applications is busy with it for half a minute.
#[must_use]
pub fn stream_path() -> String {
    let mut path = "/api/v1/stream/applications?resourceVersion=0&fields=result.type".to_owned();
    for field in FIELDS.iter().chain(&RESULT) {
        path.push_str(",result.application.");
        path.push_str(field);
    }
    path
}

/// The path of the list: whole, for of the fields a list knows rows need more than it has, and to select is no cheaper
/// than to send what packs to a twentieth.
pub(super) const LIST: &str = "/api/v1/applications";

/// The path of a question that is answered to whoever is believed, in a few bytes.
pub(super) const BELIEVED: &str = "/api/v1/account/can-i/applications/get/*/*";

/// The path of the cheap question: which Applications there are, and how they are doing. A list knows a fixed set of
/// fields, and no version is among them.
pub(super) const CHEAP: &str = "/api/v1/applications?fields=items.metadata.name,items.metadata.namespace,\
items.status.sync.status,items.status.sync.revision,items.status.health,\
items.status.operationState.phase,items.status.operationState.startedAt,items.status.operationState.finishedAt";
