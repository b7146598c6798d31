package dev.flynn.containers.oci;

import dev.flynn.containers.oci.ContainerPlan.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The users that an image knows.
 *
 * @param users the fields of its {@code /etc/passwd}
 * @param groups the fields of its {@code /etc/group}
 */
record ImageUsers(List<List<String>> users, List<List<String>> groups) {

    static ImageUsers of(List<Path> layers) throws IOException {
        return new ImageUsers(fields(layers, "etc/passwd"), fields(layers, "etc/group"));
    }

    private static List<List<String>> fields(List<Path> layers, String file) throws IOException {
        for (Path layer : layers) {
            Path found = layer.resolve(file);
            // a link would lead out of the image
            if (Files.isRegularFile(found, LinkOption.NOFOLLOW_LINKS)) {
                return Proc.text(found)
                        .orElse("")
                        .lines()
                        .map(line -> List.of(line.split(":", -1)))
                        .toList();
            }
        }
        return List.of();
    }

    /** @param wanted a name or number, perhaps with a group after a colon; empty means root */
    User user(String wanted) throws IOException {
        if (wanted.isEmpty()) {
            return new User(0, 0, groupsOf("root"));
        }
        String[] parts = wanted.split(":", 2);
        Optional<List<String>> entry = find(users, parts[0]);
        long uid = entry.isPresent() ? number(entry.get(), 2) : number(parts[0], "user", wanted);
        if (parts.length == 2) {
            Optional<List<String>> group = find(groups, parts[1]);
            long gid = group.isPresent() ? number(group.get(), 2) : number(parts[1], "group", wanted);
            return new User(uid, gid);
        }
        long gid = entry.isPresent() ? number(entry.get(), 3) : 0;
        return new User(uid, gid, entry.map(fields -> groupsOf(fields.get(0))).orElse(List.of()));
    }

    /** The home directory of a user; {@code /} if the image does not say. */
    String home(User user) {
        return users.stream()
                .filter(fields -> fields.size() > 5 && fields.get(2).equals(String.valueOf(user.uid())))
                .map(fields -> fields.get(5))
                .filter(home -> !home.isEmpty())
                .findFirst()
                .orElse(user.uid() == 0 ? "/root" : "/");
    }

    private List<Long> groupsOf(String name) {
        List<Long> found = new ArrayList<>();
        for (List<String> group : groups) {
            if (group.size() > 3 && List.of(group.get(3).split(",")).contains(name)) {
                found.add(number(group, 2));
            }
        }
        return found;
    }

    private static Optional<List<String>> find(List<List<String>> entries, String nameOrNumber) {
        return entries.stream()
                .filter(fields -> fields.size() > 3)
                .filter(fields ->
                        fields.get(0).equals(nameOrNumber) || fields.get(2).equals(nameOrNumber))
                .findFirst();
    }

    private static long number(List<String> fields, int index) {
        try {
            return fields.size() > index ? Long.parseLong(fields.get(index)) : 0;
        } catch (NumberFormatException none) {
            return 0;
        }
    }

    private static long number(String text, String kind, String wanted) throws IOException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException("the image runs as %s, but it has no %s %s".formatted(wanted, kind, text), e);
        }
    }
}
