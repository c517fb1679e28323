use pilothouse::sim::world::*;
#[tokio::main]
async fn main() {
    let mut o = SimOptions::default();
    let mut a = std::env::args().skip(1);
    while let Some(k) = a.next() {
        let v = a.next().unwrap();
        match k.as_str() {
            "--apps" => o.apps = Some(v.parse().unwrap()),
            "--scenario" => o.scenario = Some(v),
            "--cps" => o.changes_per_second = v.parse().unwrap(),
            "--kubeconfig" => o.kubeconfig = Some(v.into()),
            "--speed" => o.speed = v.parse().unwrap(),
            "--seed" => o.seed = v.parse().unwrap(),
            _ => panic!(),
        }
    }
    let t = std::time::Instant::now();
    let w = World::start(o).unwrap_or_else(|e| panic!("{e}"));
    eprintln!("{:?}", t.elapsed());
    println!("{}", w.ready_line());
    std::future::pending::<()>().await
}
