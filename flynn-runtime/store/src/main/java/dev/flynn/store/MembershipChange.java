package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.store.StoreMember.Role;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One step in who belongs to a group.
 *
 * @param address where a new listener is, or where a member is now; empty otherwise
 */
record MembershipChange(Kind kind, String peer, String address) {

    /** More voters make every change slower and survive no likelier failure. */
    static final int MAX_VOTERS = 5;

    enum Kind {
        ADD_LISTENER,
        PROMOTE,
        DEMOTE,
        REMOVE
    }

    /** Whether the peer is to be a voter no longer, so that it must not lead either. */
    boolean endsVoting() {
        return kind == Kind.DEMOTE || kind == Kind.REMOVE;
    }

    /**
     * The members after the change; the same ones if it has happened already.
     *
     * @throws FlynnException {@code VALIDATION} or {@code OBJECT_NOT_FOUND} if it must not happen
     */
    List<StoreMember> applyTo(List<StoreMember> members) {
        Optional<StoreMember> found =
                members.stream().filter(member -> member.id().equals(peer)).findFirst();
        return switch (kind) {
            case ADD_LISTENER ->
                with(
                        members,
                        new StoreMember(
                                peer, address, found.map(StoreMember::role).orElse(Role.LISTENER)));
            case PROMOTE -> promoted(members, existing(found));
            case DEMOTE -> {
                StoreMember member = existing(found);
                requireAnotherVoter(members, member);
                yield with(members, new StoreMember(peer, member.address(), Role.LISTENER));
            }
            case REMOVE -> {
                found.ifPresent(member -> requireAnotherVoter(members, member));
                yield without(members);
            }
        };
    }

    private StoreMember existing(Optional<StoreMember> found) {
        return found.orElseThrow(() -> FlynnException.notFound("peer of the cluster store", peer));
    }

    private List<StoreMember> promoted(List<StoreMember> members, StoreMember member) {
        long voters = members.stream().filter(StoreMember::isVoter).count();
        if (!member.isVoter() && voters >= MAX_VOTERS) {
            throw FlynnException.invalid(
                    "peer \"%s\" is not promoted: %d voters are the most there can be; demote another first"
                            .formatted(peer, MAX_VOTERS));
        }
        return with(members, new StoreMember(peer, member.address(), Role.VOTER));
    }

    private void requireAnotherVoter(List<StoreMember> members, StoreMember member) {
        boolean hasAnother = members.stream()
                .anyMatch(other -> other.isVoter() && !other.id().equals(peer));
        if (member.isVoter() && !hasAnother) {
            throw FlynnException.invalid(
                    "peer \"%s\" is the last voter of the cluster store and stays one: promote another first"
                            .formatted(peer));
        }
    }

    private List<StoreMember> with(List<StoreMember> members, StoreMember changed) {
        List<StoreMember> result = without(members);
        result.add(changed);
        result.sort(Comparator.comparing(StoreMember::id));
        return result;
    }

    private List<StoreMember> without(List<StoreMember> members) {
        List<StoreMember> result = new ArrayList<>(members);
        result.removeIf(member -> member.id().equals(peer));
        return result;
    }

    void writeTo(DataOutputStream out) throws IOException {
        out.writeByte(kind.ordinal());
        out.writeUTF(peer);
        out.writeUTF(address);
    }

    static MembershipChange readFrom(DataInputStream in) throws IOException {
        return new MembershipChange(Kind.values()[in.readByte()], in.readUTF(), in.readUTF());
    }
}
