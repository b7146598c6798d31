package dev.flynn.distro.hosts;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** A table as the host's commands print it: columns two spaces apart, the last one as wide as it is. */
public final class Columns {

    private final List<List<String>> rows = new ArrayList<>();

    public Columns(String... titles) {
        rows.add(List.of(titles));
    }

    public void add(String... cells) {
        rows.add(List.of(cells));
    }

    public void print(PrintWriter out) {
        int columns = rows.get(0).size();
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                String cell = row.get(column);
                line.append(cell);
                if (column < columns - 1) {
                    line.append(" ".repeat(width(column) + 2 - cell.length()));
                }
            }
            out.println(line);
        }
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }
}
