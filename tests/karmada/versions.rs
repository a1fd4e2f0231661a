//! What other versions of Karmada mean by the same documents, and words that newer ones refuse.

use fleetcron::compile::compile;
use fleetcron::diag::{Code, Diagnostic, Severity};

use crate::support::tree;

const DOCUMENTS: &str = r#"apiVersion: cluster.karmada.io/v1alpha1
kind: Cluster
metadata: {name: a}
spec: {syncMode: Push}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: billing}
---
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: p, namespace: billing}
spec:
  resourceSelectors: [{apiVersion: v1, kind: ConfigMap}]
"#;

fn said(version: &str, more: &str) -> Vec<Diagnostic> {
    let fleet = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: v}}\nspec: {{karmada: {{version: \"{version}\"}}}}\n"
    );
    let files = vec![("fleetcron.yaml".to_owned(), fleet), ("all.yaml".to_owned(), format!("{DOCUMENTS}{more}"))];
    compile(&tree(&files)).diags.iter().cloned().collect()
}

#[test]
fn an_older_karmada_is_told_apart_with_what_differs() {
    assert!(said("1.19", "").is_empty());
    assert!(said("1.18", "").is_empty());
    let older = said("1.17", "");
    assert_eq!(older.len(), 1, "{older:?}");
    assert!(older[0].code == Code::KarmadaIgnored && older[0].severity == Severity::Warning);
    assert!(
        older[0].notes.iter().any(|note| note.contains("zone"))
            && older[0].notes.iter().any(|note| note.contains("completions"))
    );
    assert_eq!(said("2", "")[0].code, Code::InvalidValue);
}

#[test]
fn words_that_newer_versions_refuse_name_what_replaces_them() {
    for (word, new) in [("Immediately", "Directly"), ("Graciously", "Gracefully")] {
        let failover = format!("  propagateDeps: true\n  failover: {{application: {{purgeMode: {word}}}}}\n");
        let found = said("1.19", &failover);
        let refused = found.iter().find(|diagnostic| diagnostic.code == Code::KarmadaRefused);
        let help = refused.map(|refused| refused.help.join(" ")).unwrap_or_default();
        assert!(help.contains(new), "{word}: {found:?}");
    }
    let tolerations = "  placement: {clusterTolerations: [{key: size, operator: Gt, value: \"3\"}]}\n";
    assert!(said("1.19", tolerations).iter().any(|diagnostic| diagnostic.code == Code::KarmadaRefused));
}
