package dev.flynn.tck.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.blob.BlobStore;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong store fails it, by the number of what is wrong. */
class BlobStoreTckSelfTest {

    static Stream<Class<?>> wrongStores() {
        return Arrays.stream(BlobStoreTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongStores")
    void rejects(Class<?> wrongStore) {
        List<String> broken = List.of(wrongStore.getAnnotation(Breaks.class).value());
        assertThat(KitRun.brokenPromises(wrongStore, broken)).containsAll(broken);
    }

    @Breaks("BS-1")
    static class KeepsWhatArrivedOfAFailedPut extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public BlobInfo put(String key, String contentType, InputStream content) throws IOException {
                    var arrived = new ByteArrayOutputStream();
                    try {
                        content.transferTo(arrived);
                    } catch (IOException e) {
                        super.put(key, contentType, new ByteArrayInputStream(arrived.toByteArray()));
                        throw e;
                    }
                    return super.put(key, contentType, new ByteArrayInputStream(arrived.toByteArray()));
                }
            };
        }
    }

    @Breaks("BS-2")
    static class WritesItsIndexWhenItIsClosed extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                void save() {}

                @Override
                public void close() {
                    try {
                        super.save();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                }
            };
        }
    }

    @Breaks("BS-3")
    static class ReadsWhatIsThereWhenReadingBegins extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public synchronized Optional<Blob> open(String key) {
                    return entry(key).map(entry -> new Late(this, entry.info()));
                }
            };
        }

        private record Late(ReferenceBlobStore store, BlobStore.BlobInfo info) implements BlobStore.Blob {
            @Override
            public InputStream content(long offset) throws IOException {
                Path file = store.entry(info.key())
                        .orElseThrow(() -> new NoSuchFileException(info.key()))
                        .file();
                InputStream in = Files.newInputStream(file);
                in.skipNBytes(offset);
                return in;
            }

            @Override
            public void close() {}
        }
    }

    @Breaks("BS-4")
    static class WritesFromMemory extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public BlobInfo put(String key, String contentType, InputStream content) throws IOException {
                    return super.put(key, contentType, new ByteArrayInputStream(content.readAllBytes()));
                }
            };
        }
    }

    @Breaks("BS-4")
    static class ReadsIntoMemory extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public synchronized Optional<Blob> open(String key) throws IOException {
                    return super.open(key).map(blob -> new InMemory(blob, blob.info()));
                }
            };
        }

        private record InMemory(BlobStore.Blob blob, BlobStore.BlobInfo info) implements BlobStore.Blob {
            @Override
            public InputStream content(long offset) throws IOException {
                return new ByteArrayInputStream(blob.content(offset).readAllBytes());
            }

            @Override
            public void close() throws IOException {
                blob.close();
            }
        }
    }

    @Breaks("BS-5")
    static class MissesWhatIsDeletedTwice extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public synchronized void delete(String key) throws IOException {
                    if (entry(key).isEmpty()) {
                        throw new NoSuchFileException(key);
                    }
                    super.delete(key);
                }
            };
        }
    }

    @Breaks("BS-5")
    static class DeletesAllThatBeginsSo extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public synchronized void delete(String key) throws IOException {
                    super.delete(key);
                    for (String other : keys(key)) {
                        super.delete(other);
                    }
                }
            };
        }
    }

    @Breaks("BS-6")
    static class TakesAnyKey extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                void requireValid(String key) {}
            };
        }
    }

    @Breaks("BS-7")
    static class IgnoresTheOffset extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public synchronized Optional<Blob> open(String key) throws IOException {
                    return super.open(key).map(blob -> new FromTheStart(blob, blob.info()));
                }
            };
        }

        private record FromTheStart(BlobStore.Blob blob, BlobStore.BlobInfo info) implements BlobStore.Blob {
            @Override
            public InputStream content(long offset) throws IOException {
                return blob.content(0);
            }

            @Override
            public void close() throws IOException {
                blob.close();
            }
        }
    }

    @Breaks("BS-7")
    static class ForgetsTheType extends BlobStoreTck {
        @Override
        protected BlobStore openStore(Path directory) {
            return new ReferenceBlobStore(directory) {
                @Override
                public BlobInfo put(String key, String contentType, InputStream content) throws IOException {
                    return super.put(key, "application/octet-stream", content);
                }
            };
        }
    }
}
