//! Repositories of Karmada against what Karmada itself makes of them: overriders on bare objects, and whole repositories
//! compiled from YAML.

mod overriding;
mod propagation;
