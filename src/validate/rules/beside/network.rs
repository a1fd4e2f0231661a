//! NetworkPolicy: `ValidateNetworkPolicySpec`, `ValidateNetworkPolicyPeer`, `ValidateNetworkPolicyPort`,
//! `ValidateIPBlock` in `pkg/apis/networking/validation/validation.go`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use super::super::at::At;
use super::super::found::Findings;
use super::super::selector::label_selector;
use super::shown;
use crate::validate::names;

const PORTS: std::ops::RangeInclusive<i64> = 1..=65535;

pub(super) fn policy(policy: &At<'_>, found: &mut Findings) {
    let Some(spec) = policy.get("spec") else { return };
    label_selector(&spec, "podSelector", found);
    found.at_most(&spec, "policyTypes", 2);
    for (way, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.items(way) {
            rule.items("ports").for_each(|at| port(&at, found));
            rule.items(peers).for_each(|at| peer(&at, found));
        }
    }
}

fn port(at: &At<'_>, found: &mut Findings) {
    let end = at.get("endPort");
    let Some(port) = at.get("port") else {
        if let Some(end) = end {
            found.refuse(&end, "`endPort` needs a `port` to begin with").at_key();
        }
        return;
    };
    match (port.value(), end) {
        (Value::String(name), end) => {
            found.name(&port, names::port_name(name));
            if let Some(end) = end {
                found.refuse(&end, "`endPort` goes with a `port` that is a number").at_key();
            }
        }
        (value, end) => {
            let first = value.as_i64();
            found.within(at, "port", *PORTS.start(), *PORTS.end());
            found.within(at, "endPort", *PORTS.start(), *PORTS.end());
            let last = at.number("endPort");
            if let (Some(end), Some(first), Some(last)) = (end, first, last)
                && last < first
            {
                found.refuse(&end, format!("`endPort` is {last}, which is before `port`, {first}")).beside(&port);
            }
        }
    }
}

fn peer(at: &At<'_>, found: &mut Findings) {
    label_selector(at, "podSelector", found);
    label_selector(at, "namespaceSelector", found);
    let block = at.get("ipBlock");
    let selects = at.has("podSelector") || at.has("namespaceSelector");
    match &block {
        Some(block) if selects => {
            found.refuse(block, "an `ipBlock` stands alone, without selectors beside it").at_key();
        }
        None if !selects => {
            found
                .missing(at, "podSelector", ", or another way to say who is meant")
                .help("`podSelector: {}` means all");
        }
        _ => {}
    }
    let Some(block) = block else { return };
    if !found.filled(&block, "cidr") {
        return;
    }
    let whole = block.get("cidr").and_then(|at| network(&at, found));
    for except in block.items("except") {
        if let (Some(part), Some(whole)) = (network(&except, found), whole)
            && !lies_within(part, whole)
        {
            found.refuse(&except, "the exception must be a smaller part of `cidr`");
        }
    }
}

/// A network, `10.0.0.0/8`; says so if it is none. `IsValidCIDRForLegacyField`, strict since 1.36: zeros in front of
/// numbers, bits after the length and IPv4 written as IPv6 passed before.
fn network(at: &At<'_>, found: &mut Findings) -> Option<(IpAddr, u32)> {
    let text = at.value().as_str()?;
    let parsed = parse(text);
    let meant = parsed.map(canonical);
    // Of one address of IPv6 there are many texts, and all of them pass.
    let exact = meant.is_some_and(|(address, length)| {
        text.split_once('/').is_some_and(|(plain, digits)| plain.parse() == Ok(address) && digits == length.to_string())
    });
    if parsed.is_some() && (exact || !found.since(36)) {
        return parsed;
    }
    let finding = found.refuse(at, format!("`{}` is not a range of addresses", shown(text)));
    match meant {
        Some((address, length)) => finding.help(format!("did you mean `{address}/{length}`?")),
        None => finding.help("write one as `10.0.0.0/8` or `fd00::/8`; one address is `10.0.0.1/32`"),
    };
    None
}

/// A network without bits after its length, and IPv4 as IPv4.
fn canonical((address, length): (IpAddr, u32)) -> (IpAddr, u32) {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            (Ipv4Addr::from(u32::from(address) & mask).into(), length)
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            match (address.to_ipv4_mapped(), length.checked_sub(96)) {
                (Some(inner), Some(rest)) => canonical((inner.into(), rest)),
                _ => (Ipv6Addr::from(u128::from(address) & mask).into(), length),
            }
        }
    }
}

/// `ParseCIDRSloppy` forgives zeros in front of numbers.
fn parse(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    let number = |part: &str| {
        let bare = part.trim_start_matches('0');
        if bare.is_empty() && !part.is_empty() { "0".to_owned() } else { bare.to_owned() }
    };
    let address = match address.contains(':') {
        true => address.to_owned(),
        false => address.split('.').map(number).collect::<Vec<_>>().join("."),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let digits = !length.is_empty() && length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: u32 = length.parse().ok().filter(|length| digits && *length <= most)?;
    Some((address, length))
}

fn lies_within((part, length): (IpAddr, u32), (whole, most): (IpAddr, u32)) -> bool {
    let same = match (part, whole) {
        (IpAddr::V4(part), IpAddr::V4(whole)) => {
            (u32::from(part) ^ u32::from(whole)).checked_shr(32 - most).is_none_or(|rest| rest == 0)
        }
        (IpAddr::V6(part), IpAddr::V6(whole)) => {
            (u128::from(part) ^ u128::from(whole)).checked_shr(128 - most).is_none_or(|rest| rest == 0)
        }
        _ => false,
    };
    same && length > most
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use serde_json::{Value, json};

    fn rule(peer: &Value, port: &Value) -> Vec<String> {
        found_by(json!({"spec": {"ingress": [{"from": [peer], "ports": [port]}]}}), super::policy)
    }

    /// `pkg/apis/networking/validation.ValidateNetworkPolicyPort`
    #[test]
    fn validate_network_policy_port() {
        let port = |value: Value| rule(&json!({"podSelector": {}}), &value);
        let at = "/spec/ingress/0/ports/0";
        for good in [json!({}), json!({"port": 80, "endPort": 90}), json!({"port": "http", "protocol": "UDP"})] {
            assert_eq!(port(good), NONE);
        }
        for (bad, field) in [
            (json!({"port": 0}), "port"),
            (json!({"port": "HTTP"}), "port"),
            (json!({"endPort": 80}), "endPort"),
            (json!({"port": "http", "endPort": 80}), "endPort"),
            (json!({"port": 80, "endPort": 79}), "endPort"),
            (json!({"port": 80, "endPort": 65536}), "endPort"),
        ] {
            assert_eq!(port(bad), [format!("{at}/{field}")]);
        }
    }

    /// `pkg/apis/networking/validation.ValidateNetworkPolicyPeer`
    #[test]
    fn validate_network_policy_peer() {
        let peer = |value: Value| rule(&value, &json!({}));
        let at = "/spec/ingress/0/from/0";
        assert_eq!(peer(json!({"podSelector": {}, "namespaceSelector": {"matchLabels": {"a": "b"}}})), NONE);
        assert_eq!(peer(json!({})), [at]);
        assert_eq!(peer(json!({"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}})), [format!("{at}/ipBlock")]);
        let bad = json!({"podSelector": {"matchLabels": {"a": "b c"}}});
        assert_eq!(peer(bad), [format!("{at}/podSelector/matchLabels/a")]);
    }

    /// `pkg/apis/networking/validation.ValidateIPBlock`
    #[test]
    fn validate_ip_block() {
        let block =
            |cidr: &str, except: &[&str]| rule(&json!({"ipBlock": {"cidr": cidr, "except": except}}), &json!({}));
        let at = "/spec/ingress/0/from/0/ipBlock";
        for (cidr, except) in [
            ("10.0.0.0/8", "10.1.0.0/16"),
            ("0.0.0.0/0", "1.2.3.4/32"),
            ("::/0", "fd00::/8"),
            ("fd00:0::/8", "FD00::/9"),
        ] {
            assert_eq!(block(cidr, &[except]), NONE, "{cidr} {except}");
        }
        for cidr in ["10.0.0.1", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "a/8", "10.0.0.0/+8", "10.0.0.0/"] {
            assert_eq!(block(cidr, &[]), [format!("{at}/cidr")], "{cidr}");
        }
        assert_eq!(block("", &[]), [format!("{at}/cidr")]);
        for cidr in ["10.0.0.1/8", "010.0.0.0/8", "10.0.0.0/08", "::ffff:10.0.0.0/104", "fd00::1/8"] {
            let peer = json!({"ipBlock": {"cidr": cidr}});
            assert_eq!(rule(&peer, &json!({})), [format!("{at}/cidr")], "{cidr}");
            let policy = json!({"spec": {"ingress": [{"from": [peer]}]}});
            assert_eq!(found_in(35, policy, super::policy), NONE, "{cidr}");
        }
        assert_eq!(block("10.0.0.0/8", &["10.1.1.1/16"]), [format!("{at}/except/0")]);
        for except in ["11.0.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "x"] {
            assert_eq!(block("10.0.0.0/8", &[except]), [format!("{at}/except/0")], "{except}");
        }
    }
}
