//! Lists of typed values: the bulk statistics of all domains, and what a guest agent tells.

use std::ffi::{CStr, c_int, c_uint};
use std::ptr;

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::Error;
use virt::sys;

use crate::host::libvirt::inventory::Uuid;

/// What is asked for. Drivers leave out what they do not have.
const GROUPS: c_uint = sys::VIR_DOMAIN_STATS_STATE
    | sys::VIR_DOMAIN_STATS_CPU_TOTAL
    | sys::VIR_DOMAIN_STATS_BALLOON
    | sys::VIR_DOMAIN_STATS_VCPU
    | sys::VIR_DOMAIN_STATS_INTERFACE
    | sys::VIR_DOMAIN_STATS_BLOCK;

/// How long a guest agent may take, in seconds: whoever asks waits for 3 s in all.
const AGENT: c_int = 2;

/// Asks for the statistics of all domains in one call, and hands every number to `each`: whose, what, how much. Domains
/// that are busy are asked for less rather than waited for.
///
/// # Errors
///
/// What libvirt said.
pub(in crate::host::libvirt) fn of_all_domains(
    connect: &Connect,
    mut each: impl FnMut(Uuid, &str, u64),
) -> Result<(), Error> {
    let mut records = ptr::null_mut();
    let flags = sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
    // SAFETY: the connection is open, and libvirt sets `records` to a list that is freed below.
    let count =
        unsafe { sys::virConnectGetAllDomainStats(connect.as_ptr(), GROUPS, &mut records, flags) };
    let Ok(count) = usize::try_from(count) else {
        return Err(Error::last_error());
    };
    for index in 0..count {
        // SAFETY: the list has `count` records, each alive until the list is freed.
        let record = unsafe { &**records.add(index) };
        let mut uuid = [0; 16];
        // SAFETY: the record's domain is alive, and the buffer holds VIR_UUID_BUFLEN (16) bytes.
        if unsafe { sys::virDomainGetUUID(record.dom, uuid.as_mut_ptr()) } != 0 {
            continue;
        }
        // SAFETY: the record has as many parameters as it says.
        unsafe {
            for_each(record.params, record.nparams, |name, value| {
                if let Value::Number(number) = value {
                    each(Uuid(uuid), name, number);
                }
            });
        }
    }
    // SAFETY: the list came from libvirt, and nothing of it is used any more.
    unsafe { sys::virDomainStatsRecordListFree(records) };
    Ok(())
}

/// Asks a domain's guest agent for the host's name and the operating system, and hands each text to `each`.
///
/// # Errors
///
/// What libvirt said; most of all that there is no agent.
pub(in crate::host::libvirt) fn of_guest(
    domain: &Domain,
    mut each: impl FnMut(&str, &str),
) -> Result<(), Error> {
    let kinds = sys::VIR_DOMAIN_GUEST_INFO_OS | sys::VIR_DOMAIN_GUEST_INFO_HOSTNAME;
    let (mut params, mut count) = (ptr::null_mut(), 0);
    // SAFETY: the domain is alive for the length of the calls; libvirt sets `params` to a list that is freed below. Where
    // the timeout cannot be set, libvirt's own holds.
    let code = unsafe {
        sys::virDomainAgentSetResponseTimeout(domain.as_ptr(), AGENT, 0);
        sys::virDomainGetGuestInfo(domain.as_ptr(), kinds, &mut params, &mut count, 0)
    };
    if code < 0 {
        return Err(Error::last_error());
    }
    // SAFETY: the list has `count` parameters, and is freed once nothing of it is used any more.
    unsafe {
        for_each(params, count, |name, value| {
            if let Value::Text(text) = value {
                each(name, text);
            }
        });
        sys::virTypedParamsFree(params, count);
    }
    Ok(())
}

enum Value<'a> {
    Number(u64),
    Text(&'a str),
}

/// Calls `each` for every number and every text that is UTF-8.
///
/// # Safety
///
/// `params` must be a list of `count` parameters that libvirt made.
unsafe fn for_each(
    params: sys::virTypedParameterPtr,
    count: c_int,
    mut each: impl FnMut(&str, Value<'_>),
) {
    for index in 0..usize::try_from(count).unwrap_or_default() {
        // SAFETY: within the list, as the caller promises.
        let param = unsafe { &*params.add(index) };
        // SAFETY: libvirt ends the name with a NUL within its array.
        let name = unsafe { CStr::from_ptr(param.field.as_ptr()) };
        let Ok(name) = name.to_str() else { continue };
        // SAFETY: the type says which member of the union was set; a text is a C string that lives with its list.
        let value = unsafe {
            match param.type_ as c_uint {
                sys::VIR_TYPED_PARAM_INT => u64::try_from(param.value.i).ok().map(Value::Number),
                sys::VIR_TYPED_PARAM_UINT => Some(Value::Number(param.value.ui.into())),
                sys::VIR_TYPED_PARAM_LLONG => u64::try_from(param.value.l).ok().map(Value::Number),
                sys::VIR_TYPED_PARAM_ULLONG => Some(Value::Number(param.value.ul)),
                sys::VIR_TYPED_PARAM_STRING if !param.value.s.is_null() => {
                    CStr::from_ptr(param.value.s).to_str().ok().map(Value::Text)
                }
                _ => None,
            }
        };
        if let Some(value) = value {
            each(name, value);
        }
    }
}
