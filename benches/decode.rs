//! From the bytes of a streaming list to rows: 10,000 Applications of about 20 KB, as they come off a connection.

use std::fmt::Write as _;
use std::sync::Arc;

use divan::counter::{BytesCount, ItemsCount};
use pilothouse::domain::AppRow;
use pilothouse::source::kube::{Decoder, Event, Line, Lines};

const APPLICATIONS: usize = 10_000;
/// What a read of a TLS connection brings at the most.
const CHUNK: usize = 16 << 10;

/// Lines, decoding and rows, all kept.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn applications(bencher: divan::Bencher<'_, '_>) {
    let stream = stream();
    bencher
        .counter(BytesCount::new(stream.len()))
        .counter(ItemsCount::new(APPLICATIONS))
        .with_inputs(|| Vec::with_capacity(APPLICATIONS))
        .bench_local_values(|rows| read(&stream, rows));
}

/// The line splitter alone.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn lines(bencher: divan::Bencher<'_, '_>) {
    let stream = stream();
    bencher.counter(BytesCount::new(stream.len())).bench_local(|| {
        let (mut lines, mut found) = (Lines::default(), 0);
        for chunk in stream.chunks(CHUNK) {
            lines.feed(chunk, |_| found += 1);
        }
        assert_eq!(found, APPLICATIONS);
    });
}

fn read(stream: &[u8], mut rows: Vec<AppRow>) -> Vec<AppRow> {
    let mut decoder = Decoder::new("minikube".into(), Arc::default());
    let mut lines = Lines::default();
    for chunk in stream.chunks(CHUNK) {
        lines.feed(chunk, |line| {
            if let Line::Whole(line) = line
                && let Event::Changed { row, .. } = decoder.event(line)
            {
                rows.push(*row);
            }
        });
    }
    assert_eq!((rows.len(), decoder.odd()), (APPLICATIONS, 0));
    rows
}

fn stream() -> Vec<u8> {
    let mut stream = String::with_capacity(APPLICATIONS * 21_000);
    for n in 0..APPLICATIONS {
        line(&mut stream, n);
    }
    stream.into_bytes()
}

/// One event: an Application with managed fields, 40 resources, ten rows of history and a finished operation.
fn line(out: &mut String, n: usize) {
    let service = ["backend", "celery", "frontend", "postgres", "redis", "qdrant", "opensearch"][n % 7];
    let environment = ["dev", "staging", "prod"][n % 3];
    let revision = format!("{:040x}", n % 50);
    let source = format!(
        r#"{{"helm":{{"parameters":[{{"name":"image.tag","value":"1.{n}.0"}}],"valueFiles":["values.yaml","../../overlays/{environment}/{service}.yaml"]}},"path":"helm/charts/{service}","repoURL":"https://git.example.com/platform/gitops.git","targetRevision":"main"}}"#
    );
    let _ = write!(
        out,
        r#"{{"type":"ADDED","object":{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"annotations":{{"notifications.argoproj.io/subscribe.on-sync-failed.slack":"alerts"}},"creationTimestamp":"2026-01-02T03:04:05Z","finalizers":["resources-finalizer.argocd.argoproj.io"],"generation":{n},"labels":{{"component":"{service}","environment":"{environment}","team":"core","tenant":"tenant-{tenant}"}},"managedFields":["#,
        tenant = n % 400
    );
    for manager in ["argocd-applicationset-controller", "argocd-application-controller", "kubectl-edit"] {
        let _ = write!(
            out,
            r#"{{"apiVersion":"argoproj.io/v1alpha1","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:annotations":{{".":{{}},"f:notifications":{{}}}},"f:finalizers":{{".":{{}}}},"f:labels":{{".":{{}},"f:component":{{}},"f:environment":{{}},"f:team":{{}}}}}},"f:spec":{{".":{{}},"f:destination":{{".":{{}},"f:namespace":{{}},"f:server":{{}}}},"f:project":{{}},"f:source":{{".":{{}},"f:helm":{{".":{{}},"f:valueFiles":{{}}}},"f:path":{{}},"f:repoURL":{{}},"f:targetRevision":{{}}}},"f:syncPolicy":{{".":{{}},"f:automated":{{".":{{}},"f:prune":{{}},"f:selfHeal":{{}}}}}}}},"f:status":{{"f:conditions":{{}},"f:health":{{}},"f:history":{{}},"f:resources":{{}},"f:summary":{{}},"f:sync":{{}}}}}},"manager":"{manager}","operation":"Update","time":"2026-01-02T03:04:05Z"}},"#
        );
    }
    out.pop();
    let _ = write!(
        out,
        r#"],"name":"{service}-{environment}-{n:05}","namespace":"argocd","ownerReferences":[{{"apiVersion":"argoproj.io/v1alpha1","blockOwnerDeletion":true,"controller":true,"kind":"ApplicationSet","name":"{service}","uid":"b4aa7055-a7a7-4b39-8b1d-016938e85388"}}],"resourceVersion":"{n}","uid":"429e8291-6abe-4185-a28d-266f{n:08}"}},"spec":{{"destination":{{"namespace":"{environment}-{tenant}","server":"https://kubernetes.default.svc"}},"project":"tenants","source":{source},"syncPolicy":{{"automated":{{"prune":true,"selfHeal":true}},"syncOptions":["CreateNamespace=true"]}}}},"status":{{"controllerNamespace":"argocd","health":{{"lastTransitionTime":"2026-01-02T03:04:05Z","status":"Healthy"}},"history":["#,
        tenant = n % 400
    );
    for id in 0..10 {
        let _ = write!(
            out,
            r#"{{"deployStartedAt":"2026-01-02T03:04:05Z","deployedAt":"2026-01-02T03:05:{id:02}Z","id":{id},"initiatedBy":{{"automated":true}},"revision":"{revision}","source":{source}}},"#
        );
    }
    out.pop();
    let _ = write!(
        out,
        r#"],"operationState":{{"finishedAt":"2026-01-02T03:05:30Z","message":"successfully synced (all tasks run)","operation":{{"initiatedBy":{{"automated":true}},"retry":{{"limit":5}},"sync":{{"prune":true,"revision":"{revision}","source":{source}}}}},"phase":"Succeeded","startedAt":"2026-01-02T03:05:00Z","syncResult":{{"resources":["#
    );
    for at in 0..35 {
        let _ = write!(
            out,
            r#"{{"group":"apps","hookPhase":"Succeeded","kind":"Deployment","message":"deployment.apps/{service}-{at} configured","name":"{service}-{at}","namespace":"{environment}","status":"Synced","syncPhase":"Sync","version":"v1"}},"#
        );
    }
    out.pop();
    let _ = write!(
        out,
        r#"],"revision":"{revision}","source":{source}}}}},"reconciledAt":"2026-01-02T03:06:00Z","resourceHealthSource":"appTree","resources":["#
    );
    for at in 0..35 {
        let _ = write!(
            out,
            r#"{{"group":"apps","kind":"Deployment","name":"{service}-{at}","namespace":"{environment}","status":"Synced","syncWave":1,"version":"v1"}},"#
        );
    }
    out.pop();
    let _ = write!(
        out,
        r#"],"sourceType":"Helm","summary":{{"images":["registry.example.com/{service}:1.{tag}.0","registry.example.com/sidecar:2.0.1"]}},"sync":{{"comparedTo":{{"destination":{{"namespace":"{environment}","server":"https://kubernetes.default.svc"}},"source":{source}}},"revision":"{revision}","status":"Synced"}}}}}}}}"#,
        tag = n % 30
    );
    out.push('\n');
}
