package dev.flynn.tck.wire;

import org.apiguardian.api.API;

/**
 * One thing that clients call, or a rule that all of them follow.
 *
 * @param id the first part of the ids of its checks: {@code apps/create}
 * @param section of the contract
 * @param call as the contract's index has it: {@code POST /apps}
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Endpoint(String id, String section, String call) {}
