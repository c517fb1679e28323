//! What goes over the wire: bytes for the list, and bytes for a change.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pilothouse::source::argocd::ServerSpec;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::running::start;
use super::scene::{SOURCE, Scene};
use crate::told::Told;

/// Stands between a client and a server, and counts what the server sends.
struct Wire {
    address: String,
    counted: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl Wire {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let counted = Arc::new(AtomicUsize::new(0));
        let (mut task, counter) = (JoinSet::new(), Arc::clone(&counted));
        task.spawn(async move {
            let mut pumps = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                pumps.spawn(pump(client, port, Arc::clone(&counter)));
            }
        });
        Self { address, counted, _task: task }
    }

    fn bytes(&self) -> usize {
        self.counted.load(Ordering::SeqCst)
    }
}

async fn pump(client: TcpStream, port: u16, counted: Arc<AtomicUsize>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((mut heard, mut said), (mut answers, mut asks)) = (client.into_split(), server.into_split());
    let asking = tokio::io::copy(&mut heard, &mut asks);
    let answering = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read @ 1..) = answers.read(&mut buffer).await {
            counted.fetch_add(read, Ordering::SeqCst);
            if said.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        _ = asking => {}
        () = answering => {}
    }
}

/// An Application as large as they are: rows of history, of resources, and of what the last operation did to each.
fn large(mut app: Value, n: usize) -> Value {
    let row = |at: usize| {
        json!({"group": "apps", "kind": "ConfigMap", "name": format!("settings-{at}"), "namespace": "shop",
            "version": "v1", "status": "Synced", "hookPhase": "Running", "syncPhase": "Sync",
            "message": format!("configmap/settings-{at} configured at the {n}th time it was asked for")})
    };
    let rows: Vec<Value> = (0..60).map(row).collect();
    app["metadata"]["annotations"] = json!({"notes": "of no use for a row ".repeat(100)});
    app["status"]["operationState"] = json!({"phase": "Succeeded", "startedAt": "2026-01-02T03:04:05Z",
        "finishedAt": "2026-01-02T03:05:05Z", "operation": {}, "syncResult": {"resources": rows, "revision": "abc"}});
    app["status"]["health"] = json!({"status": "Healthy", "message": format!("change {n}")});
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_comes_packed_and_a_change_costs_a_fraction_of_the_application() {
    const CHANGES: usize = 20;
    let scene = Scene::new();
    let store = scene.world.store(SOURCE).unwrap();
    let mut extra = store.get("Application", "argocd", "frontend-prod").unwrap();
    extra["metadata"] = json!({"name": "extra", "namespace": "argocd"});
    extra["status"]["resources"] = Value::Null;
    let whole = large(extra.clone(), 0).to_string().len();
    for n in 0..40 {
        let mut app = large(extra.clone(), n);
        app["metadata"]["name"] = json!(format!("extra-{n}"));
        store.put(app);
    }
    store.put(large(extra.clone(), 0));
    let port = scene.argocd("plainUrl").rsplit(':').next().unwrap().parse().unwrap();
    let wire = Wire::to(port).await;
    let spec = ServerSpec { address: wire.address.parse().unwrap(), ca: None, ..scene.spec("admin") };
    let mut running = start(spec);
    let told = running.until_live().await;
    assert_eq!(told.rows.len(), 50);
    assert!(wire.bytes() * 4 < whole * 41, "{} bytes for 41 Applications of {whole}", wire.bytes());

    let tell = async |n: usize, running: &mut crate::told::Running| {
        store.put(large(store.get("Application", "argocd", "extra").unwrap(), n));
        let word = format!("change {n}");
        let is_told = |told: &Told| told.row("extra").unwrap().health_message.as_deref() == Some(&*word);
        running.until_so("told", is_told).await;
    };
    tell(1, &mut running).await;
    let before = wire.bytes();
    for n in 2..2 + CHANGES {
        tell(n, &mut running).await;
    }
    // what the world does by itself meanwhile is counted, too
    let each = (wire.bytes() - before) / CHANGES;
    assert!(each * 2 < whole, "{each} bytes for a change of an Application of {whole}");
}
