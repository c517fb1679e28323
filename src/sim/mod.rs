//! The simulated world: clusters that answer real clients over HTTPS. Imports nothing of the cockpit.
//!
//! ```text
//! clock, kinds, columns, quantity, labels, schedule < object, history, logs, network < store < write (with status, its refusals) < process, fault < stream
//! access < rbac, tls < api, door < serve
//! write, manifest < argocd < scenario < git; argocd < server < redis
//! time < agenda, manifest < workload::behaviour < scenario, generate < populate < workload
//! workload, git, redis < live < prometheus, control < world
//! ```
//!
//! A [`store::Store`] holds one cluster's objects as the bytes that go over the wire; a [`serve::Server`] answers
//! kubectl and kube-rs from it. The rest of the world changes the store, and clients see it as they would in a cluster:
//! a [`scenario`] says what there is, [`manifest`] builds the objects, [`populate`] puts them in place, [`workload`]
//! runs the pods, [`argocd`] deploys, [`live`] keeps things happening, [`prometheus`] counts it, and a [`world::World`] holds it all together.

pub mod access;
pub mod agenda;
pub mod api;
pub mod argocd;
pub mod clock;
pub mod columns;
pub mod control;
mod door;
pub mod fault;
pub mod generate;
pub mod git;
pub mod history;
pub mod kinds;
pub mod kubeconfig;
pub mod labels;
pub mod live;
pub mod logs;
pub mod manifest;
pub mod network;
pub mod object;
pub mod operator;
pub mod orders;
pub mod populate;
pub mod process;
pub mod prometheus;
pub mod quantity;
pub mod rbac;
pub mod redis;
pub mod scenario;
pub mod schedule;
pub mod serve;
pub mod server;
pub mod status;
pub mod store;
pub mod stream;
pub mod time;
pub mod tls;
pub mod workload;
pub mod world;
pub mod write;
