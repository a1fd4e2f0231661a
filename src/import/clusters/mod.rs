//! Inventories of other tools: Karmada, Open Cluster Management, Cluster API, Argo CD, and the nodes and pods of a cluster.
//! Credentials are never copied.

mod amounts;
mod argocd;
mod capi;
mod collector;
pub mod gather;
pub mod imported;
mod karmada;
pub mod nodes;
pub mod object;
pub mod objects;
mod ocm;
pub mod update;
