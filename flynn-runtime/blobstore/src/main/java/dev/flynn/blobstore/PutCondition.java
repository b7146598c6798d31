package dev.flynn.blobstore;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.Optional;

/** What must hold for a put to take effect, so that two who have read the same do not overwrite each other unseen. */
sealed interface PutCondition {

    PutCondition NONE = new Anything();
    PutCondition ABSENT = new Absent();

    /** Only if the object has this content. */
    static PutCondition unchanged(String etag) {
        return new Unchanged(etag);
    }

    boolean holds(Optional<BlobRecord> current);

    /** @throws FlynnException {@code PRECONDITION_FAILED} */
    default void require(String key, Optional<BlobRecord> current) {
        if (!holds(current)) {
            throw new FlynnException(
                    ErrorCode.PRECONDITION_FAILED,
                    "%s is not as it was: %s".formatted(key, current.isPresent() ? "there is another" : "it is gone"));
        }
    }

    /** Always holds. */
    record Anything() implements PutCondition {
        @Override
        public boolean holds(Optional<BlobRecord> current) {
            return true;
        }
    }

    /** Holds if there is no such object. */
    record Absent() implements PutCondition {
        @Override
        public boolean holds(Optional<BlobRecord> current) {
            return current.isEmpty();
        }
    }

    /** Holds if the object has that content. */
    record Unchanged(String etag) implements PutCondition {
        @Override
        public boolean holds(Optional<BlobRecord> current) {
            return current.map(BlobRecord::etag).equals(Optional.of(etag));
        }
    }
}
