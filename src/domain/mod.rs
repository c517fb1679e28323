//! The words of the product as plain data.
//!
//! Knows nothing of terminals, networks, files or the wall clock: what is here is a value or a pure function of values.
//! Add a noun as a file of its own and name it in the field's standard term.

pub mod app;
mod cluster_names;
pub mod commit;
pub mod comparison;
pub mod desired;
pub mod environment;
pub mod event;
pub mod field_path;
pub mod health;
pub mod image;
pub mod link;
pub mod log;
pub mod mask;
pub mod operation;
mod password;
pub mod pod;
pub mod progress;
pub mod resource;
pub mod risk;
pub mod route;
pub mod served;
pub mod symbol;
pub mod text;
pub mod time;
pub mod trouble;
pub mod versus;
pub mod why;
pub mod window;

pub use app::{AppKey, AppRow, AutoSync, Condition, Deployment, Destination, Fullness, Health, Sync, Workload};
pub use cluster_names::ClusterNames;
pub use commit::Commit;
pub use comparison::{Change, Compared, Comparison, Field, Hand, Hook, Owner, Row, Rows, Shadow, Sides, Usual};
pub use desired::{Desired, Lack, Pair, Rung};
pub use environment::{Classifier, Environment, EnvironmentRule, GuardPolicy, Protection, Rule};
pub use event::{Event, ObjectRef};
pub use field_path::{FieldPath, Step};
pub use link::{Link, SourceFacts};
pub use log::{LogChunk, LogEnd, LogLine, LogNews, LogRequest, LogState, LogStreamId};
pub use operation::{Operation, Phase, SyncPhase};
pub use password::Password;
pub use pod::{Container, ContainerState, Pod, Terminated};
pub use resource::{
    AppDetail, HistoryEntry, LiveObject, ObjectCondition, ObjectName, Resource, ResourceAction, ResourceResult,
};
pub use risk::Risk;
pub use route::{DestinationRule, Route, RouteContext, Routes};
pub use served::{no_cluster, served_app, served_context};
pub use symbol::{Interner, Symbol};
pub use time::{Clock, Timestamp};
pub use trouble::{Trouble, TroubleKind};
pub use versus::{State, Versus};
pub use why::{LastWords, Run, Why};
