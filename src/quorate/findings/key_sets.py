"""Findings about what a plan says of a zone's keys, and of the responses that it signs."""

from . import Meaning, Severity

ERROR = Severity.ERROR

TABLE: dict[str, Meaning] = {
    "plan.again_otherwise": Meaning(
        ERROR,
        False,
        "{name} was signed by the schema {schema} with {parts}, and would be signed again otherwise",
        "give it the same schema and KSKs: one request has one answer; to give another, have a request made anew",
        "",
    ),
    "plan.again_of": Meaning(
        ERROR,
        False,
        "again-of names {name}: it did not answer this very file, or the act is not re-sign; answered by: {known}",
        "name the SKR that answered the same file, with the act re-sign, or leave again-of out",
        "",
    ),
    "plan.ksk_zone": Meaning(
        ERROR,
        False,
        "{id} is a KSK if it has the use ksk, a zone and an algorithm, and none of them otherwise",
        'write use = "ksk", zone and algorithm, or leave all three out',
        "RFC 4034 2.1",
    ),
    "plan.ksk_elsewhere": Meaning(
        ERROR,
        False,
        "{key} is a KSK, which signs key sets of its zone and nothing else",
        "name a key that was generated for certificates",
        "RFC 4034 2.1.1",
    ),
    "plan.import_ksk": Meaning(
        ERROR,
        False,
        "{key} {said}, and would be brought as another KSK",
        "leave zone and algorithm out: a copy is for what its key is for",
        "RFC 4034 2.1.1",
    ),
    "plan.ksk_of_ca": Meaning(
        ERROR,
        False,
        "the pin {ksk} is of {key}, a key for certificates: {said}",
        "generate a KSK for the zone, and pin that",
        "RFC 4034 2.1.1",
    ),
    "plan.ksk_algorithm": Meaning(
        ERROR,
        False,
        "a key of type {type} has no DNSSEC algorithm {algorithm}",
        "it can have: {fitting}",
        "RFC 5702, RFC 6605, RFC 8080",
    ),
    "plan.back_out_of": Meaning(
        ERROR,
        False,
        "there is no response {name} beside which a back-out could be made",
        "name a response of the same operation that is no back-out itself",
        "",
    ),
    "plan.back_out_act": Meaning(
        ERROR,
        False,
        "it is a back-out of {name}, which is made as {act}",
        "give it the same act, with its reason",
        "",
    ),
    "plan.no_responses": Meaning(
        ERROR,
        False,
        "it signs nothing",
        "add a response",
        "",
    ),
    "plan.reason_without_act": Meaning(
        ERROR,
        False,
        "it gives a reason for a routine response",
        "name the act, or leave the reason out",
        "",
    ),
    "plan.ksks_apart": Meaning(
        ERROR,
        False,
        "the keys that sign are on several tokens: {tokens}",
        "bring copies to one token, or make an operation for each",
        "",
    ),
    "plan.ksk_not_held": Meaning(
        ERROR,
        False,
        "no key of the register matches the pin of {ksk}, whose DS has the digest {ds}",
        "correct the pin in the zone's policy, or generate or bring in the key first",
        "",
    ),
    "plan.ksk_not_pinned": Meaning(
        ERROR,
        False,
        "the KSK {ksk} is not pinned in the policy of {zone}",
        "compare its DS with the paper, and add to the policy's ksks: {pin}; then: quorate approve . --person ID",
        "",
    ),
    "plan.ksk_not_ready": Meaning(
        ERROR,
        False,
        "the KSK {ksk} is not yet on {tokens}",
        "import it there first: a KSK is used when every site can go on with it",
        "",
    ),
    "plan.ksk_which_token": Meaning(
        ERROR,
        False,
        "copies of the KSK {ksk} are on {tokens}",
        "name one of these as the operation's token",
        "",
    ),
}
