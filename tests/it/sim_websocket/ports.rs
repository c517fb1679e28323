//! What listens in a world's pods: said by a scenario, changed by hand, seen in the log, reached by the proxy.

use pilothouse::sim::control;
use pilothouse::sim::scenario;
use pilothouse::sim::world::{SimOptions, World as Whole};
use serde_json::{Value, json};

use super::scene::{NAMESPACE, POD, world};
use super::socket::{Got, Socket};
use crate::sim_kubernetes::world::World;
use crate::sim_process::SMALL;

fn service(world: &World, name: &str, target: &Value) {
    world.store.put(json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": {"app": "backend"}, "ports": [{"name": "http", "port": 80, "targetPort": target}]}}));
}

#[tokio::test]
async fn the_proxy_leads_to_what_a_service_serves() {
    let world = world();
    service(&world, "backend", &json!("http"));
    service(&world, "broken", &json!(9));
    let at = |name: &str, path: &str| format!("/api/v1/namespaces/{NAMESPACE}/services/{name}/proxy{path}");
    for name in ["backend", "backend:http", "backend:80", "http:backend:http"] {
        assert_eq!(world.client().json(&at(name, "/health?x=1")).await["status"], "ok", "{name}");
    }
    assert_eq!(world.client().json(&at("backend", "")).await["pod"], POD);
    assert_eq!(world.client().get(&at("backend", "/nothing")).await.status, 404);
    let refusal = async |name: &str| {
        let reply = world.client().get(&at(name, "/")).await;
        (reply.status, reply.json().await["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(refusal("gone").await, (404, "services \"gone\" not found".to_owned()));
    let words = "no service port \"x\" found for service \"backend\"";
    assert_eq!(refusal("backend:x").await, (503, words.to_owned()));
    let words = "error trying to reach service: dial tcp 10.88.0.77:9: connect: connection refused";
    assert_eq!(refusal("broken").await, (503, words.to_owned()));
    world.store.delete("Pod", NAMESPACE, POD);
    assert_eq!(refusal("backend").await, (503, "no endpoints available for service \"backend\"".to_owned()));
    let log = world.store.network().connections();
    assert!(log.len() == 6 && log.iter().all(|one| one.via.word() == "proxy" && one.port == 8000), "{log:?}");
}

#[test]
fn listeners_are_checked_with_file_and_line() {
    let with = |listen: &str| format!("{SMALL}listen = [\n{listen}\n]\n");
    let read = |listen: &str| scenario::parse("x.toml", &with(listen));
    // the first listener's line
    let first = SMALL.lines().count() + 2;
    assert!(
        read("{ port = 80, speaks = \"http\" }, { port = 81, to = \"127.0.0.1:9\", environments = [\"dev\"] }").is_ok()
    );
    for (listen, words) in [
        ("{ port = 80, speaks = \"htpp\" }", "there is no protocol `htpp`; did you mean `http`?"),
        ("{ port = 80 }", "port 80 needs one thing that answers; give it `speaks` or `to`"),
        ("{ port = 0, speaks = \"http\" }", "nothing listens on port 0"),
        ("{ port = 80, speaks = \"http\" },\n{ port = 80, speaks = \"http\" }", "port 80 is there twice"),
        ("{ port = 80, to = \"192.0.2.1:80\" }", "port 80 leads away from this machine"),
        ("{ port = 80, speaks = \"http\", environments = [\"prd\"] }", "there is no environment `prd`"),
        ("{ port = 80, speaks = \"redis\", fragile = true }", "only debugpy can be fragile"),
        ("{ port = 80, speak = \"redis\" }", "unknown field `speak`"),
    ] {
        let error = read(listen).unwrap_err().to_string();
        let line = first + listen.matches('\n').count();
        assert!(error.starts_with(&format!("x.toml:{line}: {words}")), "{error}");
    }
    let fault = format!("{SMALL}[[fault]]\nsource = \"here\"\nwhat = \"flood\"\n");
    let error = scenario::parse("x.toml", &fault).unwrap_err().to_string();
    assert!(error.starts_with(&format!("x.toml:{}: there is no fault `flood`", first + 1)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_change_by_hand_and_connections_are_told() {
    let world = Whole::start(SimOptions::default()).unwrap();
    let ctl = async |words: &str| {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        control::send(world.control(), &words).await
    };
    let listening = |environment: &str, source: &str| {
        let store = world.store(source).unwrap();
        let pods = store.list("Pod", Some(&format!("predator12-{environment}")));
        let backend = pods.iter().find(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == "backend").unwrap();
        store.network().listeners(backend).iter().map(|listener| listener.port).collect::<Vec<_>>()
    };
    assert_eq!(listening("dev", "minikube"), [5678, 8000]);
    assert_eq!(listening("staging", "predator-cloud"), [8000], "only dev is there to be debugged");
    ctl("listen predator12-dev/backend-* 9229 silent").await.unwrap();
    ctl("listen predator12-dev/backend-* 5678 nothing").await.unwrap();
    assert_eq!(listening("dev", "minikube"), [8000, 9229]);
    assert!(ctl("listen predator12-dev/backend-* 1 192.0.2.1:5").await.is_err());
    let all: Value = serde_json::from_str(&ctl("connections").await.unwrap()).unwrap();
    assert_eq!(all, json!({"minikube": [], "predator-cloud": []}));
    assert!(ctl("fault minikube flood").await.unwrap_err().to_string().contains("there is no fault `flood`"));
    ctl("fault minikube 429 7 path /version times 1").await.unwrap();
    ctl("fault all clear").await.unwrap();
}

#[tokio::test]
async fn a_session_is_struck_by_faults_too() {
    use pilothouse::sim::fault::Cut;
    let world = world();
    let path =
        format!("/api/v1/namespaces/{NAMESPACE}/pods/{POD}/exec?container=api&stdin=true&stdout=true&command=cat");
    let mut socket = Socket::open(&world, &path, &["v5.channel.k8s.io"]).await.ok().unwrap();
    assert!(matches!(socket.next().await, Got::Message(1, _)));
    world.server.faults().cut("/api/v1", Cut::Close, Some(1));
    assert_eq!(socket.next().await, Got::End);
}
