/**
 * evaluate.py: how a model of the last stage answers, and what it chooses.
 *
 * The trainer's own evaluation of that stage ends with `KeyError: 'recall_1'`, and the repository's evaluation/evaluate.py
 * reads fixed folders of its authors' machine. This asks the checkpoint by the model's own `generate_from_questions`.
 */
export const EVALUATION_FILE = 'evaluate.py'

export const EVALUATION = `"""Answers the questions of end-to-end rows with a trained model, and compares: are the answers right, are the right documents chosen?

    PYTHONPATH=$TRAINER python evaluate.py checkpoints/stage3 end_to_end_data.validation.jsonl

Written by clara-pack. It needs what training needs, and the base model.
"""
import argparse
import json
import sys
import unicodedata


def letters(text):
    """Without case, blanks and punctuation, in any script."""
    folded = unicodedata.normalize('NFKC', text).casefold()
    return ''.join(sign for sign in folded if unicodedata.category(sign)[0] in 'LMNS')


def read_rows(path, limit):
    with open(path, encoding='utf-8') as lines:
        rows = [json.loads(line) for line in lines if line.strip()][:limit]
    if not rows:
        sys.exit(f'{path}: has no rows')
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', help='folder that train_stage3.sh saved into')
    parser.add_argument('rows', help='a file of end-to-end rows: the validation side of a split')
    parser.add_argument('--limit', type=int, help='rows; default: all')
    parser.add_argument('--batch', type=int, default=2, help='rows at once')
    parser.add_argument('--max-new-tokens', type=int, default=64, help='of an answer')
    parser.add_argument('--output', help='a JSONL file for what was answered and chosen')
    args = parser.parse_args()
    rows = read_rows(args.rows, args.limit)

    import torch
    from openrlhf.models.modeling_clara import CLaRa

    model = CLaRa.from_pretrained(args.checkpoint, training_stage='stage2', pure_inference=True)
    # A quantized one is where it was loaded, and may not be moved.
    if getattr(model.config, 'quantization', 'no') == 'no':
        model = model.to('cuda' if torch.cuda.is_available() else 'cpu')
    model.eval()
    read = model.generation_top_k
    if (model.n_mem_tokens + 1) * read > 960:
        sys.exit(f'the model reads {read} documents, and its own code cuts prompts at 1,024 tokens: it cannot be asked')
    right = first = chosen = ranked = 0
    output = open(args.output, 'w', encoding='utf-8') if args.output else None
    for start in range(0, len(rows), args.batch):
        batch = rows[start:start + args.batch]
        replies, order = model.generate_from_questions(
            questions=[row['question'] for row in batch],
            documents=[row['docs'] for row in batch],
            max_new_tokens=args.max_new_tokens,
        )
        for row, reply, picks in zip(batch, replies, order.tolist()):
            wanted = letters(row['answer'])
            right += wanted != '' and wanted in letters(reply)
            positives = set(row.get('pos_index', []))
            ranked += bool(positives)
            first += picks[0] in positives
            chosen += not positives.isdisjoint(picks)
            if output:
                said = {'question': row['question'], 'answer': row['answer'], 'reply': reply, 'chosen': picks}
                output.write(json.dumps({**said, 'pos_index': sorted(positives)}, ensure_ascii=False) + '\\n')
        print(f'{start + len(batch)} of {len(rows)} rows', file=sys.stderr)
    if output:
        output.close()
    # What choosing at random would come to, with one positive a row.
    docs = sum(len(row['docs']) for row in rows) / len(rows)
    print(json.dumps({
        'rows': len(rows),
        'answer_in_reply': right / len(rows),
        'positive_ranked_first': first / ranked if ranked else None,
        'positive_among_chosen': chosen / ranked if ranked else None,
        'documents': docs,
        'chosen': read,
        'by_chance_first': 1 / docs,
        'by_chance_chosen': min(read / docs, 1),
    }, indent=1))


if __name__ == '__main__':
    main()
`
