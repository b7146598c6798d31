package dev.flynn.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Columns two spaces apart, each as wide as its widest cell in adjacent rows (contract: CLI, Output conventions). The
 * last cell of a row is not padded.
 */
final class Table {

    private static final int GAP = 2;

    private final List<List<String>> rows = new ArrayList<>();

    Table row(String... cells) {
        return row(List.of(cells));
    }

    Table row(List<String> cells) {
        rows.add(List.copyOf(cells));
        return this;
    }

    void print(Console console) {
        lines().forEach(console::print);
    }

    List<String> lines() {
        int[][] widths = widths();
        List<String> lines = new ArrayList<>();
        for (int row = 0; row < rows.size(); row++) {
            var line = new StringBuilder();
            List<String> cells = rows.get(row);
            for (int column = 0; column < cells.size(); column++) {
                String cell = cells.get(column);
                line.append(cell);
                if (column < cells.size() - 1) {
                    line.append(" ".repeat(widths[row][column] + GAP - length(cell)));
                }
            }
            lines.add(line.toString());
        }
        return lines;
    }

    /** Per row and column: the width among the adjacent rows where something follows that column. */
    private int[][] widths() {
        int[][] widths = new int[rows.size()][];
        for (int row = 0; row < rows.size(); row++) {
            List<String> cells = rows.get(row);
            widths[row] = new int[Math.max(0, cells.size() - 1)];
            for (int column = 0; column < widths[row].length; column++) {
                boolean continues = row > 0 && widths[row - 1].length > column;
                widths[row][column] = Math.max(length(cells.get(column)), continues ? widths[row - 1][column] : 0);
            }
        }
        for (int row = rows.size() - 2; row >= 0; row--) {
            int shared = Math.min(widths[row].length, widths[row + 1].length);
            System.arraycopy(widths[row + 1], 0, widths[row], 0, shared);
        }
        return widths;
    }

    private static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
