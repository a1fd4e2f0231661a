//! The structural schema of batch/v1 CronJob: fields, types, order. [`SchemaNode`] is a cheap cursor into one table that is
//! read once.

mod data;

use std::fmt;
use std::sync::LazyLock;

use data::{Table, TypeNode};

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let other = [include_str!("../../../schemas/k8s/other.txt"), include_str!("../../../schemas/k8s/beside.txt")];
    data::parse(&[include_str!("../../../schemas/k8s/cronjob.txt"), other[0], other[1]])
        .expect("the schema is part of the program, and a test reads it")
});

/// What a value must be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ValueKind {
    /// A map with fields that Kubernetes knows: [`SchemaNode::fields`].
    Object,
    /// A map under names of the user's own, of [`SchemaNode::item`].
    Map,
    /// A list of [`SchemaNode::item`].
    List,
    /// A text.
    String,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// `true` or `false`.
    Boolean,
    /// An amount of a resource: `500m`, `64Mi`; a number will do.
    Quantity,
    /// An integer of 32 bits or a text, as for ports.
    IntOrString,
    /// A moment, as RFC 3339 writes it.
    Time,
    /// Anything.
    Any,
}

/// A place in the schema.
#[derive(Clone, Copy)]
pub struct SchemaNode(&'static TypeNode);

impl SchemaNode {
    /// The shape of that name, `PodSpec` say.
    pub fn named(shape: &str) -> Option<SchemaNode> {
        TABLE.shape(shape).map(SchemaNode)
    }

    /// The shape of a whole object, by its `apiVersion` and `kind`.
    pub fn object(api_version: &str, kind: &str) -> Option<SchemaNode> {
        SchemaNode::named(kind).filter(|schema| schema.group_version() == Some(api_version))
    }

    /// All shapes, in alphabetical order.
    pub fn shapes() -> impl Iterator<Item = SchemaNode> {
        TABLE.shapes().map(SchemaNode)
    }

    /// The Kubernetes release of the data, as it is written there.
    pub fn release() -> &'static str {
        TABLE.release
    }

    /// A whole CronJob.
    pub fn cronjob() -> SchemaNode {
        root("CronJob")
    }

    /// Any text: what the `kind` of an object is.
    pub(super) fn text() -> SchemaNode {
        SchemaNode::cronjob().field("kind").expect("an object has a kind, and a test reads the schema")
    }

    /// The `spec` of a CronJob.
    pub fn cronjob_spec() -> SchemaNode {
        root("CronJobSpec")
    }

    /// The `spec` of a Job.
    pub fn job_spec() -> SchemaNode {
        root("JobSpec")
    }

    /// A pod with its `metadata`.
    pub fn pod_template() -> SchemaNode {
        root("PodTemplateSpec")
    }

    /// The `spec` of a pod.
    pub fn pod_spec() -> SchemaNode {
        root("PodSpec")
    }

    /// A container.
    pub fn container() -> SchemaNode {
        root("Container")
    }

    /// The `metadata` of any object.
    pub fn object_meta() -> SchemaNode {
        root("ObjectMeta")
    }

    /// An object of any other kind: its members are known by order alone, and it may have others.
    pub fn other_object() -> SchemaNode {
        root("Object")
    }

    /// What a value here must be.
    pub fn kind(self) -> ValueKind {
        self.0.kind
    }

    /// The name of a shape in Kubernetes' own words, `PodSpec`; empty for anything that is not [`ValueKind::Object`].
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The `apiVersion` of a shape that is a whole object of one kind; that kind is [`SchemaNode::name`].
    pub fn group_version(self) -> Option<&'static str> {
        self.0.group_version
    }

    /// Whether other fields than [`SchemaNode::fields`] are allowed.
    pub fn is_open(self) -> bool {
        self.0.open
    }

    /// The type of a field.
    pub fn field(self, name: &str) -> Option<SchemaNode> {
        self.place(name).map(|(_, schema)| schema)
    }

    /// The place of a field among [`SchemaNode::fields`], and its type.
    pub fn place(self, name: &str) -> Option<(usize, SchemaNode)> {
        TABLE.field(self.0, name).map(|(place, node)| (place, SchemaNode(node)))
    }

    /// The type of the items of a list or of a map under the user's own names.
    pub fn item(self) -> Option<SchemaNode> {
        TABLE.item(self.0).map(SchemaNode)
    }

    /// The fields in the order of our output.
    pub fn fields(self) -> &'static [&'static str] {
        &self.0.fields
    }

    /// The place of a field among [`SchemaNode::fields`]; a sort key for output.
    pub fn position(self, field: &str) -> Option<usize> {
        self.0.position(field)
    }

    /// The fields that Kubernetes publishes as required.
    pub fn required(self) -> &'static [&'static str] {
        &self.0.required
    }

    /// The allowed values of a text; empty if any will do.
    pub fn enum_values(self) -> &'static [&'static str] {
        &self.0.values
    }
}

fn root(name: &'static str) -> SchemaNode {
    SchemaNode::named(name).expect("the data has the shapes of a CronJob, and a test asks for them")
}

impl PartialEq for SchemaNode {
    fn eq(&self, other: &SchemaNode) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for SchemaNode {}

impl fmt::Debug for SchemaNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item() {
            Some(item) => write!(f, "{:?} of {item:?}", self.kind()),
            None if self.name().is_empty() => write!(f, "{:?}", self.kind()),
            None => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SchemaNode, ValueKind};

    #[test]
    fn every_root_is_in_the_data() {
        let roots = [
            SchemaNode::cronjob(),
            SchemaNode::cronjob_spec(),
            SchemaNode::job_spec(),
            SchemaNode::pod_template(),
            SchemaNode::pod_spec(),
            SchemaNode::container(),
            SchemaNode::object_meta(),
            SchemaNode::other_object(),
        ];
        assert!(roots.iter().all(|root| root.kind() == ValueKind::Object));
        assert_eq!(SchemaNode::cronjob().group_version(), Some("batch/v1"));
    }

    #[test]
    fn a_person_reads_a_cronjob_from_the_schedule_to_the_containers() {
        assert_eq!(&SchemaNode::cronjob().fields()[..4], ["apiVersion", "kind", "metadata", "spec"]);
        assert_eq!(SchemaNode::cronjob_spec().fields().first(), Some(&"schedule"));
        assert_eq!(SchemaNode::cronjob_spec().fields().last(), Some(&"jobTemplate"));
        assert_eq!(SchemaNode::job_spec().fields().last(), Some(&"template"));
        assert_eq!(SchemaNode::pod_spec().fields().last(), Some(&"volumes"));
        for shape in SchemaNode::shapes() {
            let name = shape.position("name").filter(|_| shape.position("kind").is_none());
            assert!(name.is_none_or(|at| at < 2), "{shape:?} has its name at {name:?}");
        }
    }

    #[test]
    fn a_cursor_goes_down_to_a_leaf() {
        let limits = SchemaNode::container().field("resources").and_then(|it| it.field("limits")).unwrap();
        assert_eq!(format!("{limits:?}"), "Map of Quantity");
        let env = SchemaNode::container().field("env").unwrap();
        assert_eq!(env.item().map(SchemaNode::fields), Some(&["name", "value", "valueFrom"][..]));
        assert!(env.field("name").is_none());
        let policy = SchemaNode::cronjob_spec().field("concurrencyPolicy").unwrap();
        assert_eq!(policy.enum_values(), ["Allow", "Forbid", "Replace"]);
    }
}
